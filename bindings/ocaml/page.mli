(** The clock page: 4096 bytes of shared memory in VMClock's format that hold an {!Output.t} for any number of
    readers: a guest reads its host's page, a process its daemon's, a guest the page that another guest granted to
    it. Reading takes no lock. *)

type buffer = (char, Bigarray.int8_unsigned_elt, Bigarray.c_layout) Bigarray.Array1.t

type t

type error =
  | Truncated  (** smaller than its stated size, or than a page *)
  | Foreign  (** not VMClock's magic, or the opposite byte order *)
  | Version  (** an unknown version of VMClock or of ffntp's block *)
  | Other_boot
  | Other_namespace
  | No_counter
  | Missing
  | Untrusted  (** a usual place, where a user who is not trusted could replace the page *)
  | Denied  (** this process may not read the file *)
  | Unknown_boot  (** the writer or this process has no boot id *)
  | Limit  (** too many open files, or no memory *)
  | No_time  (** a VMClock page of another writer that has no time *)
  | Timescale  (** a VMClock page of another writer whose time is neither UTC nor TAI *)
  | Guests  (** in terms of a guest's counter, and this is not that guest *)

val error_text : error -> string
(** A message in one line. *)

val of_bigarray : buffer -> (t, error) result
(** Check that the page can be read, and use its memory from then on. [Unix.map_file] gives a daemon's page, but does
    not check that the page's counter is of this boot: {!Ffntp_linux.open_page} does.
    @raise Invalid_argument if the memory is not aligned to 8 bytes. *)

val to_bigarray : t -> buffer
(** The same memory. *)

val counter : t -> Counter.kind
(** The kind of counter that the page describes. *)

val now : ?scale:Output.scale -> ?max_bound_ns:int -> t -> (Output.reading, Output.refusal) result
(** The time: reads the page and its counter. [Error Counter] if the counter cannot be read here, [Error Disrupted]
    if it is behind the page. *)

val read : t -> (Output.t, Output.refusal) result
(** The page's output, for counter readings taken by the caller. A guest whose counter is its host's plus a constant
    adds that constant to them. [Error Busy] if the page was being written at every attempt. *)

val past : t -> Counter.t -> (Output.t, Output.refusal) result
(** The output that was current at a counter reading; [Error Too_old] for a reading before the page's oldest entry. *)
