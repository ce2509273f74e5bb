/*
 * bounded: prints the time with its error bound, from the page that ffntpd publishes.
 *
 *   cc bounded.c $(pkg-config --cflags --libs ffntp)
 */
#include <ffntp/linux.h>
#include <inttypes.h>
#include <stdio.h>

int main(int argc, char **argv)
{
	struct ffntp_linux_reader reader;
	struct ffntp_reading now;
	enum ffntp_page_result opened = ffntp_linux_open(&reader, argc > 1 ? argv[1] : NULL);
	enum ffntp_clock_result read;

	if (opened != FFNTP_PAGE_OK) {
		fprintf(stderr, "bounded: %s\n", ffntp_page_result_text(opened));
		return 1;
	}
	read = ffntp_linux_now(&reader, FFNTP_UTC, UINT64_MAX, &now);
	ffntp_linux_close(&reader);
	if (read != FFNTP_CLOCK_OK) {
		fprintf(stderr, "bounded: %s\n", ffntp_clock_result_text(read));
		return 1;
	}
	printf("not before %" PRId64 " ns since 1970\n", ffntp_time_to_ns(now.earliest));
	printf("most likely %" PRId64 "\n", ffntp_time_to_ns(now.estimate));
	printf("not after   %" PRId64 "\n", ffntp_time_to_ns(now.latest) + 1); /* rounded up */
	return 0;
}
