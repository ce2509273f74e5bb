/* log: a standard error that takes no line now. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "../daemon/log.h"

/* A logged line waits no longer than this (s); the program is killed then. */
#define PATIENCE_S 60

/* Make a pipe that is full, for standard error. Returns the end to read; *saved: the former standard error. */
static int fill_standard_error(int *saved)
{
	static const char text[512];
	int ends[2];

	*saved = dup(STDERR_FILENO);
	assert_true(*saved >= 0);
	assert_int_equal(pipe(ends), 0);
	assert_int_equal(fcntl(ends[1], F_SETFL, O_NONBLOCK), 0);
	while (write(ends[1], text, sizeof(text)) > 0)
		;
	assert_int_equal(fcntl(ends[1], F_SETFL, 0), 0);
	assert_int_equal(dup2(ends[1], STDERR_FILENO), STDERR_FILENO);
	close(ends[1]);
	assert_int_equal(fcntl(ends[0], F_SETFL, O_NONBLOCK), 0);
	return ends[0];
}

/* Read all that is in the pipe. Returns the last bytes of it, as a string. */
static void drain(int end, char *text, size_t size)
{
	ssize_t length;

	text[0] = '\0';
	while ((length = read(end, text, size - 1)) > 0)
		text[length] = '\0';
}

/* Also with any errno that an earlier system call left, such as EINTR after a signal. */
static void a_line_is_lost_rather_than_waited_for(void **state)
{
	static const int errors[] = { 0, EINTR, EAGAIN };
	char text[4096];
	int saved, end = fill_standard_error(&saved);

	(void)state;
	ffntp_log_begin();
	alarm(PATIENCE_S);
	for (size_t i = 0; i < sizeof(errors) / sizeof(errors[0]); i++) {
		errno = errors[i];
		ffntp_log(FFNTP_LOG_ERROR, "line %zu", i);
	}
	alarm(0);
	drain(end, text, sizeof(text));
	ffntp_log(FFNTP_LOG_ERROR, "the next line");
	drain(end, text, sizeof(text));
	dup2(saved, STDERR_FILENO);
	close(saved);
	close(end);
	assert_string_equal(text, "ffntpd: 3 lines were lost here: standard error could not be written\n"
				  "ffntpd: the next line\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_line_is_lost_rather_than_waited_for),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
