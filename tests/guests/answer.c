/*
 * answer: answers questions for the time, inside a Linux guest: each datagram at the port is returned with a reading of
 * a clock page appended, so that the asker knows that the reading was taken between question and answer.
 *
 *   answer PORT PAGE
 *   answer probe FILE      the other side of tests/guests/truth: return the TSC in memory that FILE maps, until told to
 * end
 *
 * An answer is the question, and 'RESULT EARLIEST LATEST MARKER': 0 and two times in ns since 1970, or the reason why
 * there is no reading (100 + the reason if the page cannot be opened) and two zeros; and the page's disruption marker,
 * 0 if it cannot be read.
 */
#include <arpa/inet.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>

#include <ffntp/linux.h>

#define NOT_OPENED 100

/* Read the page; open it before, if that is not done yet or if it was replaced. Return RESULT. */
static int read_page(struct ffntp_linux_reader *reader, bool *is_open, const char *path, struct ffntp_reading *now,
		     uint64_t *marker)
{
	enum ffntp_page_result opened;
	struct ffntp_map map;

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
	if (ffntp_page_read(reader->page, &map) == FFNTP_CLOCK_OK)
		*marker = map.disruption_marker;
	return (int)ffntp_linux_now(reader, FFNTP_UTC, UINT64_MAX, now);
}

static int open_port(const char *port)
{
	struct sockaddr_in own = { .sin_family = AF_INET, .sin_port = htons((uint16_t)atoi(port)) };
	int descriptor = socket(AF_INET, SOCK_DGRAM, 0);

	return descriptor >= 0 && bind(descriptor, (void *)&own, sizeof own) == 0 ? descriptor : -1;
}

/* Words of the probe, as in truth.c; END is the test's. */
enum { QUESTION = 0, ANSWER = 1, COUNTER = 2, END = 7 };

static int answer_probe(const char *path)
{
	int descriptor = open(path, O_RDWR);
	volatile uint64_t *probe = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0);

	if (probe == MAP_FAILED) {
		perror(path);
		return 1;
	}
	while (probe[END] == 0) {
		uint64_t question = probe[QUESTION];

		if (question == probe[ANSWER])
			continue;
		probe[COUNTER] = __builtin_ia32_rdtsc();
		__atomic_store_n(&probe[ANSWER], question, __ATOMIC_RELEASE);
	}
	return 0;
}

static _Noreturn void answer_questions(int descriptor, const char *path)
{
	struct ffntp_linux_reader reader;
	bool is_open = false;

	for (;;) {
		struct ffntp_reading now = { 0 };
		struct sockaddr_in from;
		socklen_t size = sizeof from;
		char text[256];
		ssize_t length = recvfrom(descriptor, text, 64, 0, (void *)&from, &size);
		uint64_t marker = 0;
		int result;

		if (length < 0)
			continue;
		result = read_page(&reader, &is_open, path, &now, &marker);
		length += snprintf(text + length, sizeof text - (size_t)length, " %d %" PRId64 " %" PRId64 " %" PRIu64,
				   result, ffntp_time_to_ns(now.earliest), ffntp_time_to_ns(now.latest), marker);
		(void)!sendto(descriptor, text, (size_t)length, 0, (void *)&from, size);
	}
}

int main(int argc, char **argv)
{
	int descriptor;

	if (argc == 3 && strcmp(argv[1], "probe") == 0)
		return answer_probe(argv[2]);
	descriptor = argc == 3 ? open_port(argv[1]) : -1;
	if (descriptor >= 0)
		answer_questions(descriptor, argv[2]);
	fprintf(stderr, "usage: answer PORT PAGE|probe FILE; the port must be free\n");
	return 2;
}
