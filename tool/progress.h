/*
 * progress: a line on standard error that shows how far a long subcommand is: after two seconds, and only on a
 * terminal. There is one such line, as there is one terminal; one thread uses it.
 */
#ifndef FFNTP_TOOL_PROGRESS_H
#define FFNTP_TOOL_PROGRESS_H

/* Begin a piece of work. name: shown, for example a file; it must last until progress_end. */
void progress_begin(const char *name);

/*
 * Show the share of the work that is done, 0 to 1; NAN: unknown. May be called very often. Without progress_begin it
 * has no effect.
 */
void progress_show(double done);

/* End the work, and erase the line. Call it before output to standard output or standard error. */
void progress_end(void);

#endif
