(** The clock page: 4096 bytes of shared memory in VMClock's format that hold an {!Output.t} for any number of
    readers: a guest reads its host's, a process its daemon's, another guest the one that was granted to it. Reading
    takes no lock. *)

type buffer = (char, Bigarray.int8_unsigned_elt, Bigarray.c_layout) Bigarray.Array1.t

type t

type error =
  | Truncated  (** smaller than it says, or than a page *)
  | Foreign  (** not VMClock's magic, or not its byte order *)
  | Version  (** a version of VMClock or of our block that this reader does not know *)
  | Other_boot
  | Other_namespace
  | No_counter
  | Missing

val error_text : error -> string
(** One line for people. *)

val of_bigarray : buffer -> (t, error) result
(** Checks that it is a page that can be read. Its memory is used from then on; [Unix.map_file] gives a daemon's,
    with whose counter of another boot nobody may read: see {!Ffntp_linux.open_page}, which looks after that.
    @raise Invalid_argument if it is not aligned to 8 bytes. *)

val to_bigarray : t -> buffer
(** The same memory. *)

val counter : t -> Counter.kind
(** The counter that it is about. *)

val now : ?scale:Output.scale -> ?max_bound_ns:int -> t -> (Output.reading, Output.refusal) result
(** The time: reads the page and its counter. [Error Counter] if that cannot be read here, [Error Disrupted] if it is
    behind the page. *)

val read : t -> (Output.t, Output.refusal) result
(** The page's output, for counter readings of one's own; a guest whose counter is its host's plus a constant adds it
    to them. [Error Busy] if it was being written on every try. *)

val past : t -> Counter.t -> (Output.t, Output.refusal) result
(** The output that was current at a counter reading; [Error Too_old] beyond what the page remembers. *)
