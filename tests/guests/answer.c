/*
 * answer: answers questions for the time, inside a Linux guest: each datagram at the port is returned with a reading of
 * a clock page appended, so that the asker knows that the reading was taken between question and answer.
 *
 *   answer PORT PAGE
 *
 * An answer is the question, and 'RESULT EARLIEST LATEST COUNTER': 0 and two times in ns since 1970, or the reason
 * why there is no reading (100 + the reason if the page cannot be opened) and two zeros; and the TSC.
 */
#include <arpa/inet.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include <ffntp/linux.h>

#define NOT_OPENED 100

/* Read the page; open it before, if that is not done yet or if it was replaced. Return RESULT. */
static int read_page(struct ffntp_linux_reader *reader, bool *is_open, const char *path, struct ffntp_reading *now)
{
	enum ffntp_page_result opened;

	if (*is_open && ffntp_linux_is_replaced(reader, path)) {
		ffntp_linux_close(reader);
		*is_open = false;
	}
	if (!*is_open) {
		opened = ffntp_linux_open(reader, path);
		if (opened != FFNTP_PAGE_OK)
			return NOT_OPENED + (int)opened;
		*is_open = true;
	}
	return (int)ffntp_linux_now(reader, FFNTP_UTC, UINT64_MAX, now);
}

static int open_port(const char *port)
{
	struct sockaddr_in own = { .sin_family = AF_INET, .sin_port = htons((uint16_t)atoi(port)) };
	int descriptor = socket(AF_INET, SOCK_DGRAM, 0);

	return descriptor >= 0 && bind(descriptor, (void *)&own, sizeof own) == 0 ? descriptor : -1;
}

int main(int argc, char **argv)
{
	struct ffntp_linux_reader reader;
	bool is_open = false;
	int descriptor;

	if (argc != 3 || (descriptor = open_port(argv[1])) < 0) {
		fprintf(stderr, "usage: answer PORT PAGE, and the port must be free\n");
		return 2;
	}
	for (;;) {
		struct ffntp_reading now = { 0 };
		struct sockaddr_in from;
		socklen_t size = sizeof from;
		char text[256];
		ssize_t length = recvfrom(descriptor, text, 64, 0, (void *)&from, &size);
		int result;

		if (length < 0)
			continue;
		result = read_page(&reader, &is_open, argv[2], &now);
		length += snprintf(text + length, sizeof text - (size_t)length, " %d %" PRId64 " %" PRId64 " %" PRIu64,
				   result, ffntp_time_to_ns(now.earliest), ffntp_time_to_ns(now.latest),
				   (uint64_t)__builtin_ia32_rdtsc());
		(void)!sendto(descriptor, text, (size_t)length, 0, (void *)&from, size);
	}
}
