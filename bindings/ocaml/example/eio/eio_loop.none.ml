let () =
  prerr_endline "eio_loop: it was built without Eio; install eio_main (opam) or libeio-ocaml-dev (Debian), and build again";
  exit 1
