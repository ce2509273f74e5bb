#include "options.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "../core/estimator.h"
#include "../ports/linux/resolve.h"
#include "configfiles.h"
#include "log.h"

static const char usage_text[] = "Usage: ffntpd [OPTION...] SERVER...\n"
				 "       ffntpd [OPTION...] -c FILE\n"
				 "Keep time from an NTP server with a raw counter, and publish it in a page that\n"
				 "any program may map. The system clock is left alone; no privilege is needed.\n"
				 "SERVER: a name or an address, optionally with :PORT. All are asked, and the\n"
				 "majority decides.\n"
				 "\n"
				 "  -c FILE                 lines such as 'server NAME iburst', as in chrony.conf\n"
				 "  --counter auto|tsc|raw  the counter [auto]; raw: CLOCK_MONOTONIC_RAW\n"
				 "  --poll S|adaptive       seconds between requests, 1 to 131072; adaptive: as\n"
				 "                          few as the accuracy needs, between minpoll and\n"
				 "                          maxpoll [adaptive, 64 to 1024 s]\n"
				 "  --page FILE             where to publish [/run/ffntp/page for root, else\n"
				 "                          $XDG_RUNTIME_DIR/ffntp/page or /tmp/ffntp-UID/page]\n"
				 "  --guest-page FILE       publish for a guest, too: a page to show it as a\n"
				 "                          VMClock device; repeatable, each followed by\n"
				 "  --counter-offset N      the guest's counter minus this machine's, in ticks\n"
				 "  --clock-log FILE        write 'RAW_NS UTC_NS' once a second; without --page\n"
				 "                          no page is published\n"
				 "  --journal FILE          record all inputs, for 'ffntp replay'\n"
				 "  --journal-size SIZE     the journal's size at which it becomes FILE.1 and a\n"
				 "                          new one begins, such as 500k or 2G [64M]\n"
				 "  --sandbox on|off        limit the daemon's own system calls and files [on]\n"
				 "  --user NAME             the user that ffntpd becomes if root starts it\n"
				 "                          [_ffntp, if there is one]\n"
				 "  -v, --verbose           log each event; -vv: each request and reply, too\n"
				 "  -h, --help              this text\n"
				 "  --version               the version\n"
				 "  --estimator NAME        the algorithm [the first of these]\n";

static void print_usage(void)
{
	const struct ffntp_estimator_ops *ops;

	fputs(usage_text, stdout);
	for (size_t i = 0; (ops = ffntp_estimator_at(i)) != NULL; i++)
		printf("  %-10s %-9s %s\n", "", ops->name, ops->summary);
}

enum {
	OPTION_COUNTER = 256,
	OPTION_POLL,
	OPTION_PAGE,
	OPTION_GUEST_PAGE,
	OPTION_COUNTER_OFFSET,
	OPTION_CLOCK_LOG,
	OPTION_JOURNAL,
	OPTION_JOURNAL_SIZE,
	OPTION_SANDBOX,
	OPTION_USER,
	OPTION_ESTIMATOR,
	OPTION_VERSION
};

static const struct option long_options[] = {
	{ "counter", required_argument, NULL, OPTION_COUNTER },
	{ "poll", required_argument, NULL, OPTION_POLL },
	{ "page", required_argument, NULL, OPTION_PAGE },
	{ "guest-page", required_argument, NULL, OPTION_GUEST_PAGE },
	{ "counter-offset", required_argument, NULL, OPTION_COUNTER_OFFSET },
	{ "clock-log", required_argument, NULL, OPTION_CLOCK_LOG },
	{ "journal", required_argument, NULL, OPTION_JOURNAL },
	{ "journal-size", required_argument, NULL, OPTION_JOURNAL_SIZE },
	{ "sandbox", required_argument, NULL, OPTION_SANDBOX },
	{ "user", required_argument, NULL, OPTION_USER },
	{ "estimator", required_argument, NULL, OPTION_ESTIMATOR },
	{ "verbose", no_argument, NULL, 'v' },
	{ "help", no_argument, NULL, 'h' },
	{ "version", no_argument, NULL, OPTION_VERSION },
	{ NULL, 0, NULL, 0 },
};

/* Return the position of word among count words; count if it is not among them. */
static size_t find_word(const char *word, const char *const *words, size_t count)
{
	size_t i = 0;

	while (i < count && strcmp(word, words[i]) != 0)
		i++;
	return i;
}

static bool read_counter(const char *word, struct ffntp_options *options)
{
	static const char *const words[] = { "auto", "tsc", "raw" };
	size_t found = find_word(word, words, 3);

	if (found == 3) {
		ffntp_log(FFNTP_LOG_ERROR, "--counter '%s': not auto, tsc or raw", word);
		return false;
	}
	options->counter = (enum ffntp_counter_choice)found;
	return true;
}

static bool read_estimator(const char *word, struct ffntp_options *options)
{
	if (ffntp_estimator_find(word, &options->estimator))
		return true;
	ffntp_log(FFNTP_LOG_ERROR, "--estimator '%s': no estimator of that name; --help lists them", word);
	return false;
}

static bool read_poll(const char *word, struct ffntp_options *options)
{
	char *end;
	unsigned long value;

	options->poll_s = 0;
	if (strcmp(word, "adaptive") == 0)
		return true;
	errno = 0;
	value = strtoul(word, &end, 10);
	if (*word < '0' || *word > '9' || *end != '\0' || errno != 0 || value < 1 ||
	    value > 1ul << FFNTP_CONFIG_POLL_LAST) {
		ffntp_log(FFNTP_LOG_ERROR, "--poll '%s': neither adaptive nor whole seconds from 1 to %lu", word,
			  1ul << FFNTP_CONFIG_POLL_LAST);
		return false;
	}
	options->poll_s = (uint32_t)value;
	return true;
}

static bool read_guest_page(const char *path, struct ffntp_options *options)
{
	if (*path == '\0') {
		ffntp_log(FFNTP_LOG_ERROR, "--guest-page '': not the name of a file");
		return false;
	}
	if (options->guests == FFNTP_GUESTPAGES) {
		ffntp_log(FFNTP_LOG_ERROR, "--guest-page '%s': more than %d guests", path, FFNTP_GUESTPAGES);
		return false;
	}
	options->guest[options->guests++] = (struct ffntp_guestpage_name){ .path = path };
	return true;
}

/* An offset from -2^63 to 2^64 - 1: it is taken modulo 2^64, as counters are. */
static bool parse_offset(const char *word, uint64_t *offset)
{
	char *end;

	errno = 0;
	*offset = *word == '-' ? (uint64_t)strtoll(word, &end, 10) : strtoull(word, &end, 10);
	return errno == 0 && end != word && *end == '\0' && strspn(word, "+-0123456789") == strlen(word);
}

static bool read_counter_offset(const char *word, struct ffntp_options *options)
{
	struct ffntp_guestpage_name *guest = options->guests > 0 ? &options->guest[options->guests - 1] : NULL;

	if (guest == NULL || guest->has_offset) {
		ffntp_log(FFNTP_LOG_ERROR, "--counter-offset %s: it must follow the --guest-page that it belongs to",
			  word);
		return false;
	}
	guest->has_offset = parse_offset(word, &guest->offset);
	if (!guest->has_offset)
		ffntp_log(FFNTP_LOG_ERROR, "--counter-offset '%s': not a whole number of ticks of 64 bits", word);
	return guest->has_offset;
}

/* No default: a page with a wrong offset is wrong by the time that this machine has run. */
static bool check_guests(const struct ffntp_options *options)
{
	for (size_t i = 0; i < options->guests; i++) {
		if (options->guest[i].has_offset)
			continue;
		ffntp_log(
			FFNTP_LOG_ERROR,
			"--guest-page %s: --counter-offset N must follow it, the guest's counter minus this machine's",
			options->guest[i].path);
		return false;
	}
	return true;
}

static bool read_option(int option, struct ffntp_options *options)
{
	switch (option) {
	case 'c':
		options->has_config_file = true;
		return ffntp_configfiles_read(optarg, &options->config);
	case 'v':
		if (options->shown < FFNTP_LOG_DEBUG)
			options->shown++;
		return true;
	case OPTION_COUNTER:
		return read_counter(optarg, options);
	case OPTION_ESTIMATOR:
		return read_estimator(optarg, options);
	case OPTION_POLL:
		return read_poll(optarg, options);
	case OPTION_PAGE:
		options->page = optarg;
		if (*optarg == '\0')
			ffntp_log(FFNTP_LOG_ERROR, "--page '': not the name of a file");
		return *optarg != '\0';
	case OPTION_GUEST_PAGE:
		return read_guest_page(optarg, options);
	case OPTION_COUNTER_OFFSET:
		return read_counter_offset(optarg, options);
	case OPTION_CLOCK_LOG:
		options->clock_log = optarg;
		return true;
	case OPTION_JOURNAL:
		options->journal = optarg;
		return true;
	case OPTION_JOURNAL_SIZE:
		options->journal_size = optarg;
		return true;
	case OPTION_SANDBOX:
		options->sandbox = optarg;
		return true;
	case OPTION_USER:
		options->user = optarg;
		return true;
	default:
		return false; /* because getopt_long has printed the error */
	}
}

/* Return why a name was not added. */
static const char *problem_of(const char *name)
{
	if (*name == '\0')
		return "too short for a server's name";
	return strlen(name) >= FFNTP_CONFIG_NAME_SIZE ? "too long for a server's name" : "more than 64 servers";
}
_Static_assert(FFNTP_CONFIG_SERVERS == 64, "the message above");

static bool read_servers(char **names, struct ffntp_options *options)
{
	for (; *names != NULL; names++) {
		if (!ffntp_config_add_server(&options->config, *names)) {
			ffntp_log(FFNTP_LOG_ERROR, "'%s': %s", *names, problem_of(*names));
			return false;
		}
	}
	if (options->config.servers > 0 || options->config.sourcedirs > 0)
		return true;
	ffntp_log(FFNTP_LOG_ERROR, "%s",
		  options->has_config_file
			  ? "no server: the configuration names none; add a line, as in 'server ntp.example.org iburst'"
			  : "no server: name one or more, as in 'ffntpd SERVER...', or a configuration file, as in "
			    "'ffntpd -c FILE'");
	return false;
}

/* The servers of sources files come and go. */
static bool check_sources(const struct ffntp_config *config)
{
	size_t count = ffntp_config_members(config);

	if (config->least_sources <= count || config->sourcedirs > 0)
		return true;
	ffntp_log(FFNTP_LOG_ERROR, "minsources %u: there %s %zu server%s", config->least_sources,
		  count == 1 ? "is" : "are", count, count == 1 ? "" : "s");
	return false;
}

/* Each of its lines is a vote, so that a server that is wrong could outvote others. */
static void warn_of_doubles(const struct ffntp_config *config)
{
	for (size_t i = 0; i < config->servers; i++) {
		for (size_t j = 0; j < i; j++) {
			const struct ffntp_config_server *one = &config->server[j], *other = &config->server[i];

			if (one->port == other->port && strcasecmp(one->name, other->name) == 0)
				ffntp_log(FFNTP_LOG_WARNING,
					  "%s: it is named more than once, and votes as often; remove a line",
					  other->name);
		}
	}
}

/* A name that cannot be one is a mistake; one that does not resolve now may resolve later. */
static bool check_names(const struct ffntp_config *config)
{
	for (size_t i = 0; i < config->servers; i++) {
		if (ffntp_resolve_is_name(config->server[i].name))
			continue;
		ffntp_log(FFNTP_LOG_ERROR, "server '%s': neither a name nor an address", config->server[i].name);
		return false;
	}
	return true;
}

/* The command line counts, wherever -c stands in it. */
static bool read_journal(struct ffntp_options *options)
{
	if (options->journal != NULL && !ffntp_config_set_journal(&options->config, options->journal)) {
		ffntp_log(FFNTP_LOG_ERROR, "--journal '%s': not the name of a file", options->journal);
		return false;
	}
	if (options->journal_size != NULL && !ffntp_config_set_journal_size(&options->config, options->journal_size)) {
		ffntp_log(FFNTP_LOG_ERROR, "--journal-size '%s': not a size from 16k to 1024G", options->journal_size);
		return false;
	}
	return true;
}

void ffntp_options_copy(struct ffntp_options *to, const struct ffntp_options *from)
{
	memcpy(to, from, offsetof(struct ffntp_options, config));
	ffntp_config_copy(&to->config, &from->config);
}

/* Likewise. They count at the start alone. */
static bool read_confinement(struct ffntp_options *options)
{
	if (options->sandbox != NULL && !ffntp_config_set_sandbox(&options->config, options->sandbox)) {
		ffntp_log(FFNTP_LOG_ERROR, "--sandbox '%s': neither on nor off", options->sandbox);
		return false;
	}
	if (options->user != NULL && !ffntp_config_set_user(&options->config, options->user)) {
		ffntp_log(FFNTP_LOG_ERROR, "--user '%s': not the name of a user", options->user);
		return false;
	}
	return true;
}

bool ffntp_options_read(int argc, char **argv, const struct ffntp_config *former, struct ffntp_options *options,
			int *code)
{
	int option;

	memset(options, 0, offsetof(struct ffntp_options, config));
	options->shown = FFNTP_LOG_DEFAULT;
	ffntp_config_default(&options->config);
	*code = 0;
	optind = 0; /* restart the scan, also in the second call */
	while ((option = getopt_long(argc, argv, "c:vh", long_options, NULL)) != -1) {
		if (option == 'h' || option == OPTION_VERSION) {
			if (option == 'h')
				print_usage();
			else
				puts("ffntpd " FFNTP_VERSION);
			return false;
		}
		if (!read_option(option, options)) {
			*code = FFNTPD_EXIT_USAGE;
			return false;
		}
	}
	if (check_guests(options) && read_journal(options) && read_confinement(options) &&
	    read_servers(argv + optind, options) && check_sources(&options->config) && check_names(&options->config)) {
		warn_of_doubles(&options->config);
		ffntp_configfiles_add_sources(&options->config, former);
		return true;
	}
	*code = FFNTPD_EXIT_USAGE;
	return false;
}
