/* options: see options.h. */
#include "options.h"

#include "../include/ffntp/client.h"
#include "report.h"
#include "words.h"

#define NTP_PORT 123
#define POLL_S 16

static bool read_text(struct word word, char text[OPTIONS_TEXT])
{
	return word.length > 0 && word_copy(word, text, OPTIONS_TEXT);
}

static bool has_one_colon(struct word word)
{
	return word_skip_to(&word, ':') && !word_skip_to(&word, ':');
}

static bool read_port(struct word word, uint16_t *port)
{
	uint64_t number;

	if (!word_is_number(word, &number) || number < 1 || number > 65535)
		return false;
	*port = (uint16_t)number;
	return true;
}

/* NAME, ADDRESS, NAME:PORT, 192.0.2.1:PORT, [2001:db8::1]:PORT */
static bool read_server(struct word word, struct options *options)
{
	struct word host = word, rest = word;

	if (word_takes(&host, "[")) {
		rest = host;
		if (!word_skip_to(&rest, ']'))
			return false;
		host.length -= rest.length + 1;
		if (rest.length > 0 && !(word_takes(&rest, ":") && read_port(rest, &options->port)))
			return false;
	} else if (has_one_colon(word)) {
		(void)word_skip_to(&rest, ':');
		host.length -= rest.length + 1;
		if (!read_port(rest, &options->port))
			return false;
	}
	return read_text(host, options->server);
}

static bool read_poll(struct word word, uint32_t *poll_s)
{
	uint64_t number;

	if (!word_is_number(word, &number) || number < 1 || number > FFNTP_POLL_MOST_S)
		return false;
	*poll_s = (uint32_t)number;
	return true;
}

static bool read_address(struct word word, uint64_t *address)
{
	return word_is_number(word, address) && *address != 0 && *address % 4096 == 0;
}

/* ivshmem, xen, or xen:DOMAIN */
static bool read_followed(struct word word, struct options *options)
{
	options->follows = true;
	if (word_is(word, "ivshmem"))
		return true;
	options->follows_xen = word_takes(&word, "xen");
	return options->follows_xen &&
	       (word.length == 0 || (word_takes(&word, ":") && word_is_number(word, &options->domain)));
}

/* Read one word. Unknown words are ignored, because QEMU and others add words for kernels. */
static bool read_word(struct word word, struct options *options)
{
	if (word_takes(&word, "server="))
		return read_server(word, options);
	if (word_takes(&word, "poll="))
		return read_poll(word, &options->poll_s);
	if (word_takes(&word, "page="))
		return read_address(word, &options->page);
	if (word_takes(&word, "probe="))
		return read_address(word, &options->probe);
	if (word_takes(&word, "ip="))
		return word_is(word, "dhcp") || read_text(word, options->ipv4);
	if (word_takes(&word, "gateway="))
		return read_text(word, options->gateway);
	if (word_takes(&word, "dns="))
		return read_text(word, options->dns);
	if (word_takes(&word, "ip6="))
		return read_text(word, options->ipv6);
	if (word_takes(&word, "follow="))
		return read_followed(word, options);
	return word_takes(&word, "virtio_mmio.device=");
}

static void complain(char problem[OPTIONS_PROBLEM], const char *what, struct word word)
{
	struct ffntp_text text = ffntp_text_begin(problem, OPTIONS_PROBLEM);
	char copy[64];

	ffntp_text_add(&text, "command line: ");
	ffntp_text_add(&text, what);
	if (word.length > sizeof copy - 1)
		word.length = sizeof copy - 1;
	if (word_copy(word, copy, sizeof copy))
		ffntp_text_add(&text, copy);
}

bool options_read(struct options *options, const char *line, char problem[OPTIONS_PROBLEM])
{
	struct words words = words_of(line);
	struct word word;

	*options = (struct options){ .port = NTP_PORT, .poll_s = POLL_S, .domain = OPTIONS_NO_DOMAIN };
	while (words_next(&words, &word)) {
		if (read_word(word, options))
			continue;
		complain(problem, "invalid: ", word);
		return false;
	}
	if (options->server[0] == 0 && !options->follows) {
		complain(problem, "server=NAME is missing", (struct word){ "", 0 });
		return false;
	}
	return true;
}
