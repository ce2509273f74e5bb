/* The configuration file: accepted directives, and rejected ones with their line. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../daemon/config.h"
#include "../include/ffntp/client.h"
#include "count.h"

static bool parse(struct ffntp_config *config, const char *text, struct ffntp_config_error *error)
{
	ffntp_config_default(config);
	return ffntp_config_parse(config, text, strlen(text), &(struct ffntp_config_scope){ 0 }, error);
}

static void reads_a_server_with_all_options(void **state)
{
	struct ffntp_config config;
	struct ffntp_config_error error;

	(void)state;
	assert_true(parse(&config, "server ntp.example.org port 1123 minpoll 4 maxpoll 9 iburst\n", &error));
	assert_int_equal(config.servers, 1);
	assert_string_equal(config.server[0].name, "ntp.example.org");
	assert_int_equal(config.server[0].port, 1123);
	assert_int_equal(config.server[0].minpoll_log2_s, 4);
	assert_int_equal(config.server[0].maxpoll_log2_s, 9);
	assert_true(config.server[0].iburst);
}

static void reads_the_key_of_a_server(void **state)
{
	struct ffntp_config config;
	struct ffntp_config_error error;

	(void)state;
	assert_true(parse(&config, "server a key 4294967295\nserver b key 1 iburst\nserver c\nKeyFile /etc/keys\n",
			  &error));
	assert_true(config.server[0].key_id == UINT32_MAX);
	assert_int_equal(config.server[1].key_id, 1);
	assert_true(config.server[1].iburst);
	assert_int_equal(config.server[2].key_id, 0);
	assert_string_equal(config.keyfile, "/etc/keys");
}

static void gives_a_bare_server_chronys_defaults(void **state)
{
	struct ffntp_config config;
	struct ffntp_config_error error;

	(void)state;
	assert_true(parse(&config, "server 192.0.2.1", &error));
	assert_int_equal(config.server[0].port, 123);
	assert_int_equal(config.server[0].minpoll_log2_s, 6);
	assert_int_equal(config.server[0].maxpoll_log2_s, 10);
	assert_false(config.server[0].iburst);
}

/* As chrony, which accepts these lines: only two written limits can contradict each other. */
static void an_unwritten_limit_of_the_interval_follows_the_written_one(void **state)
{
	static const struct {
		const char *line;
		unsigned minpoll, maxpoll;
	} cases[] = {
		{ "server a maxpoll 4", 4, 4 },  { "pool a maxpoll 0", 0, 0 },   { "server a minpoll 12", 12, 12 },
		{ "pool a minpoll 17", 17, 17 }, { "server a maxpoll 7", 6, 7 }, { "server a minpoll 9", 9, 10 },
		{ "server a MAXPOLL 5", 5, 5 },
	};
	struct ffntp_config_error error;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct ffntp_config config;

		assert_true(parse(&config, cases[i].line, &error));
		assert_int_equal(config.server[0].minpoll_log2_s, cases[i].minpoll);
		assert_int_equal(config.server[0].maxpoll_log2_s, cases[i].maxpoll);
	}
}

static void a_name_on_the_command_line_has_a_burst(void **state)
{
	struct ffntp_config config;

	(void)state;
	ffntp_config_default(&config);
	assert_true(ffntp_config_add_server(&config, "::1"));
	assert_true(config.server[0].iburst);
	assert_int_equal(config.server[0].minpoll_log2_s, 6);
	assert_false(ffntp_config_add_server(&config, ""));
}

static void reads_numbers_and_files(void **state)
{
	struct ffntp_config config;
	struct ffntp_config_error error;

	(void)state;
	assert_true(parse(&config, "maxdistance 1.5\nmaxclockerror 10\nleapseclist /etc/leaps\naccuracytarget 1e-5\n",
			  &error));
	assert_true(config.accuracy_target_s == 1e-5);
	assert_true(config.max_root_distance_s == 1.5);
	assert_true(config.max_drift > 9.99e-6 && config.max_drift < 10.01e-6);
	assert_string_equal(config.leap_list, "/etc/leaps");
	assert_true(parse(&config, "leapfile /etc/other\n", &error));
	assert_string_equal(config.leap_list, "/etc/other");
	assert_false(config.leap_expiry_is_strict);
	assert_true(parse(&config, "LeapExpiry Strict\n", &error) && config.leap_expiry_is_strict);
	assert_true(parse(&config, "leapexpiry strict\nleapexpiry keep\n", &error) && !config.leap_expiry_is_strict);
	assert_int_equal(config.counter_jumps, FFNTP_COUNTER_JUMPS_AUTO);
	assert_true(parse(&config, "CounterJumps Yes\n", &error) && config.counter_jumps == FFNTP_COUNTER_JUMPS_YES);
	assert_true(parse(&config, "counterjumps no\n", &error) && config.counter_jumps == FFNTP_COUNTER_JUMPS_NO);
	assert_true(parse(&config, "counterjumps auto\n", &error) && config.counter_jumps == FFNTP_COUNTER_JUMPS_AUTO);
}

static void reads_a_journal_and_its_size(void **state)
{
	static const struct {
		const char *text;
		uint64_t size;
	} cases[] = {
		{ "", UINT64_C(64) << 20 },
		{ "journalsize 16384", 16384 },
		{ "journalsize 16k", 16384 },
		{ "journalsize 3M", 3 << 20 },
		{ "journalsize 1024G", UINT64_C(1) << 40 },
		{ "journalsize 1099511627776", UINT64_C(1) << 40 },
	};
	struct ffntp_config config;
	struct ffntp_config_error error;

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		assert_true(parse(&config, cases[i].text, &error));
		assert_true(config.journal_size == cases[i].size);
		assert_string_equal(config.journal, "");
	}
	assert_true(parse(&config, "journal /var/tmp/j\n", &error));
	assert_string_equal(config.journal, "/var/tmp/j");
	assert_false(ffntp_config_set_journal(&config, ""));
}

static void a_client_takes_what_is_accepted(void **state)
{
	struct ffntp_client_config client;
	struct ffntp_config config;
	struct ffntp_config_error error;

	(void)state;
	assert_true(parse(&config, "maxclockerror 1000\nmaxdistance 16\naccuracytarget 1\n", &error));
	ffntp_client_config_default(&client);
	ffntp_config_client(&config, 0, &client);
	assert_true(client.max_drift == 1e-3 && client.max_root_distance_s == 16 && client.accuracy_target_s == 1);
	assert_int_not_equal(ffntp_client_memory(&client), 0);
	assert_true(client.interleaved == 0);
	assert_true(parse(&config, "server a xleave minpoll 4\nserver b\n", &error));
	ffntp_config_client(&config, 0, &client);
	assert_true(client.interleaved == 1);
	assert_int_not_equal(ffntp_client_memory(&client), 0);
	ffntp_config_client(&config, 1, &client);
	assert_true(client.interleaved == 0);
	assert_true(client.root_field == FFNTP_ROOT_FIELD_PROBE);
	assert_true(parse(&config, "server c extfield f323\nserver d extfield none\n", &error));
	ffntp_config_client(&config, 0, &client);
	assert_true(client.root_field == FFNTP_ROOT_FIELD_ASK);
	ffntp_config_client(&config, 1, &client);
	assert_true(client.root_field == FFNTP_ROOT_FIELD_NEVER);
	client.interleaved = 2;
	assert_int_equal(ffntp_client_memory(&client), 0);
	assert_false(parse(&config, "maxclockerror 1001\n", &error));
}

static void skips_comments_and_blank_lines(void **state)
{
	struct ffntp_config config;
	struct ffntp_config_error error;

	(void)state;
	assert_true(parse(&config, "# one\n! two\n% three\n; four\n\n \t \r\n  # five\nserver a # six\n", &error));
	assert_int_equal(config.servers, 1);
	assert_string_equal(config.server[0].name, "a");
}

static void keywords_have_no_case_and_lines_may_end_as_in_dos(void **state)
{
	struct ffntp_config config;
	struct ffntp_config_error error;

	(void)state;
	assert_true(parse(&config, "SERVER a IBURST\r\nServer b\r\n", &error));
	assert_int_equal(config.servers, 2);
	assert_true(config.server[0].iburst);
	assert_string_equal(config.server[1].name, "b");
}

/* --- each number of the tables, at its limits and beyond them --- */

static bool takes(const char *beginning, const char *name, double value, struct ffntp_config *config)
{
	struct ffntp_config_error error;
	char text[200];

	snprintf(text, sizeof(text), "%s%s %.17g\n", beginning, name, value);
	return parse(config, text, &error);
}

static void check_number(const char *beginning, const char *name, double most)
{
	struct ffntp_config config;
	char text[200];
	struct ffntp_config_error error;

	assert_true(takes(beginning, name, most, &config));
	assert_true(takes(beginning, name, most / 1000, &config));
	assert_false(takes(beginning, name, most * 1.001, &config));
	assert_false(takes(beginning, name, 0, &config));
	snprintf(text, sizeof(text), "%s%s\n", beginning, name);
	assert_false(parse(&config, text, &error));
}

/* Return the beginning of a line where an option of a server is legal with each of its values. */
static const char *prefix_of(const char *option)
{
	return strcmp(option, "ntsport") == 0 ? "pool a nts " : "pool a maxpoll 17 ";
}

static void each_number_has_its_range(void **state)
{
	struct ffntp_client_config client;
	struct ffntp_config config;

	(void)state;
	ffntp_client_config_default(&client);
#define KEYWORD(member, usual, least, most, name, unit, scale)                          \
	check_number("", #name, (double)(most) / (scale));                              \
	assert_true(takes("server a\n", #name, (double)(most) / (scale) / 2, &config)); \
	ffntp_config_client(&config, 0, &client);                                       \
	assert_true(client.member > 0.499 * (most) && client.member < 0.501 * (most));
#define SERVER_WORD(member, usual, least, most, name, unit, scale)                        \
	assert_true(takes("server a ", #name, (double)(least) / (scale), &config));       \
	assert_false(takes("server a ", #name, (double)(least) / (scale)*1.01, &config)); \
	assert_false(takes("server a ", #name, (double)(most) / (scale)*1.01, &config));  \
	assert_true(takes("server a ", #name, (double)(most) / (scale) / 2, &config));    \
	ffntp_config_client(&config, 0, &client);                                         \
	assert_true(client.member > 0.499 * (most) && client.member < 0.501 * (most));
#include "../core/client_options.def"
#define SERVER_NUMBER(member, type, usual, least, most, name)                      \
	assert_true(takes(prefix_of(#name), #name, most, &config));                \
	assert_int_equal(config.server[0].member, most);                           \
	assert_false(takes(prefix_of(#name), #name, (double)(most) + 1, &config)); \
	assert_false(takes(prefix_of(#name), #name, -1 + (double)(least), &config));
#include "../daemon/server_options.def"
}

struct refusal {
	const char *text;
	unsigned line;
	const char *says; /* part of the message */
};

static const struct refusal refusals[] = {
	{ "servre a\n", 1, "unknown keyword 'servre'" },
	{ "server a\n\nserver b burst\n", 3, "unsupported option 'burst'" },
	{ "server a extfield F324\n", 1, "'F324' is neither F323 nor none" },
	{ "server a extfield\n", 1, "'extfield' needs a value" },
	{ "server a nts key 1", 1, "'nts' excludes 'key'" },
	{ "server _ntp._udp.a nts", 1, "'_ntp._udp.a' stands for the hosts and ports of its SRV records, without nts" },
	{ "pool _ntp._udp.a port 1", 1, "SRV records, without a port" },
	{ "server a ntsport 4461", 1, "'ntsport' is an option of servers with nts" },
	{ "server a nts ntsport 0", 1, "not within 1 to 65535" },
	{ "server a nts certset 1", 1, "unsupported option 'certset'" },
	{ "ntstrustedcerts", 1, "takes one name" },
	{ "ntstrustedcerts 1 /a", 1, "takes one name" },
	{ "ntstrustedcerts a\nntstrustedcerts b\nntstrustedcerts c\nntstrustedcerts d\nntstrustedcerts e", 5,
	  "more than 4" },
	{ "nosystemcert 1", 1, "stands alone" },
	{ "nocerttimecheck", 1, "takes a number" },
	{ "nocerttimecheck x", 1, "takes a number" },
	{ "ntsdumpdir", 1, "takes one name of a directory" },
	{ "statefile", 1, "takes one file name" },
	{ "statefile /a /b", 1, "takes one file name" },
	{ "statefile /var/lib/", 1, "of a file, not of a directory" },
	{ "server a key 0", 1, "not within 1 to 4294967295" },
	{ "server a key 4294967296", 1, "not within 1 to 4294967295" },
	{ "server a key 42949672950", 1, "not within 1 to 4294967295" },
	{ "server a key", 1, "'key' needs a value" },
	{ "keyfile", 1, "takes one file name" },
	{ "keys /etc/ntp.keys", 1, "keyfile FILE" },
	{ "server a fast", 1, "unknown option 'fast'" },
	{ "server", 1, "needs a name" },
	{ "journal", 1, "takes one file name" },
	{ "journal a b", 1, "takes one file name" },
	{ "journalsize", 1, "takes one size" },
	{ "journalsize 16383", 1, "not a size" },
	{ "journalsize 15k", 1, "not a size" },
	{ "journalsize 1025G", 1, "not a size" },
	{ "journalsize 1099511627777", 1, "not a size" },
	{ "journalsize 18014398509481985k", 1, "not a size" },
	{ "journalsize 64m", 1, "not a size" },
	{ "journalsize 64MB", 1, "not a size" },
	{ "journalsize M", 1, "not a size" },
	{ "journalsize -1", 1, "not a size" },
	{ "journalsize 1.5M", 1, "not a size" },
	{ "server a port", 1, "needs a value" },
	{ "server a port 0", 1, "not within 1 to 65535" },
	{ "server a port 65536", 1, "not within 1 to 65535" },
	{ "server a port 12x", 1, "not within" },
	{ "server a minpoll -1", 1, "not within 0 to 17" },
	{ "server a maxpoll 18", 1, "not within 0 to 17" },
	{ "server a minpoll 9 maxpoll 8", 1, "above maxpoll" },
	{ "server a maxpoll 8 minpoll 9", 1, "above maxpoll" },
	{ "server a minpoll 6 maxpoll 4", 1, "above maxpoll" },
	{ "server a minpoll 99999999999999999999999", 1, "not within" },
	{ "peer a", 1, "unsupported keyword 'peer': ffntpd is a client only; name it with server" },
	{ "pool", 1, "needs a name" },
	{ "pool a maxsources 17", 1, "not within 1 to 16" },
	{ "server a maxsources 2", 1, "'maxsources' is an option of pool" },
	{ "server a noselect prefer", 1, "'noselect' excludes" },
	{ "server a require noselect", 1, "'noselect' excludes" },
	{ "server a offset", 1, "'offset' needs a value" },
	{ "server a offset 1.01", 1, "offset: '1.01' is not a number from -1 to 1" },
	{ "server a offset -2", 1, "not a number from -1 to 1" },
	{ "server a offset nan", 1, "not a number from -1 to 1" },
	{ "server a offline on", 1, "unknown option 'on'" },
	{ "confdir", 1, "takes one or more directories" },
	{ "confdir /a", 1, "only the file that -c names" },
	{ "sourcedir", 1, "takes one or more directories" },
	{ "sourcedir 1 2 3 4 5 6\nsourcedir 7 8 9 10 11", 2, "more than 10 directories" },
	{ "include /a", 1, "confdir DIRECTORY" },
	{ "minsources", 1, "takes one number" },
	{ "minsources 0", 1, "not a number from 1 to 64" },
	{ "minsources 65", 1, "not a number from 1 to 64" },
	{ "minsources 2 3", 1, "takes one number" },
	{ "makestep 1 3", 1, "never touches the system clock" },
	{ "refclock PPS /dev/pps0", 1, "refclock: the driver 'PPS' is not implemented" },
	{ "refclock VMCLOCK /dev/vmclock0 tai", 1, "states its own time scale" },
	{ "source", 1, "takes vmclock" },
	{ "source ntp1.example.org", 1, "name others with server" },
	{ "refclock PHC", 1, "needs a driver and a device" },
	{ "refclock PHC ptp0", 1, "not the path of a device" },
	{ "refclock PHC /dev/ptp0:nocrossts", 1, "options behind the device's name" },
	{ "refclock PHC /dev/ptp0 poll", 1, "'poll' needs a value" },
	{ "refclock PHC /dev/ptp0 poll -1", 1, "'poll -1' is not a whole number from 0 to 17" },
	{ "refclock PHC /dev/ptp0 poll 18", 1, "from 0 to 17" },
	{ "refclock PHC /dev/ptp0 poll 1.5", 1, "not a whole number" },
	{ "refclock PHC /dev/ptp0 dpoll -11", 1, "from -10 to 17" },
	{ "refclock PHC /dev/ptp0 offset 1e4", 1, "not a number from -1000 to 1000" },
	{ "refclock PHC /dev/ptp0 offset nan", 1, "not a number" },
	{ "refclock PHC /dev/ptp0 offset 1e999", 1, "not a number" },
	{ "refclock PHC /dev/ptp0 offset 1x", 1, "not a number" },
	{ "refclock PHC /dev/ptp0 delay -1", 1, "from 0 to 3" },
	{ "refclock PHC /dev/ptp0 maxerror 0", 1, "from 1e-09 to 3" },
	{ "refclock PHC /dev/ptp0 precision 0", 1, "from 1e-09 to 1" },
	{ "refclock PHC /dev/ptp0 stratum 15", 1, "from 0 to 14" },
	{ "refclock PHC /dev/ptp0 refid ABCDE", 1, "one to four letters" },
	{ "refclock PHC /dev/ptp0 refid A.C", 1, "one to four letters" },
	{ "refclock PHC /dev/ptp0 tai utc", 1, "exclude each other" },
	{ "refclock PHC /dev/ptp0 prefer noselect", 1, "'noselect' excludes" },
	{ "refclock PHC /dev/ptp0 filter 64", 1, "unsupported option 'filter'" },
	{ "refclock PHC /dev/ptp0 fast", 1, "unknown option 'fast'" },
	{ "maxdistance", 1, "takes one number" },
	{ "maxdistance 1 2", 1, "takes one number" },
	{ "maxdistance 0", 1, "is not a number above 0" },
	{ "maxdistance -1", 1, "is not a number above 0" },
	{ "maxdistance nan", 1, "is not a number above 0" },
	{ "maxdistance inf", 1, "is not a number above 0" },
	{ "maxdistance 0x1", 1, "is not a number above 0" },
	{ "maxdistance 1e999", 1, "is not a number above 0" },
	{ "maxdistance 17", 1, "is not a number above 0" },
	{ "maxclockerror e", 1, "is not a number above 0" },
	{ "accuracytarget 2", 1, "is not a number above 0" },
	{ "leapseclist", 1, "takes one file name" },
	{ "counterjumps", 1, "takes auto, yes or no" },
	{ "counterjumps yes no", 1, "takes auto, yes or no" },
	{ "counterjumps often", 1, "takes auto, yes or no" },
	{ "leapexpiry", 1, "takes keep or strict" },
	{ "leapexpiry strict now", 1, "takes keep or strict" },
	{ "leapexpiry never", 1, "takes keep or strict" },
	{ "server a\n\x01\x02\n", 2, "unknown keyword '\?\?'" },
};

static void refuses_with_the_line_and_the_reason(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(refusals) / sizeof(refusals[0]); i++) {
		struct ffntp_config config;
		struct ffntp_config_error error = { 0 };

		if (parse(&config, refusals[i].text, &error))
			fail_msg("accepted: %s", refusals[i].text);
		if (strstr(error.text, refusals[i].says) == NULL)
			fail_msg("'%s' gives '%s', not '%s'", refusals[i].text, error.text, refusals[i].says);
		assert_int_equal(error.line, refusals[i].line);
	}
}

static void reference_clocks(void **state)
{
	static const char text[] =
		"server a\nrefclock PHC /dev/ptp0\n"
		"refclock phc /dev/ptp1 poll 4 dpoll 1 stratum 2 offset -1e-6 delay 1e-5 maxerror 2e-6 "
		"precision 1e-8 refid GPS tai prefer trust require\n"
		"refclock PHC /dev/ptp2 dpoll -10 utc noselect\nrefclock PHC /dev/ptp3 poll 3 dpoll 5\n"
		"refclock vmclock /dev/vmclock1 poll 1\nsource vmclock\n";
	struct ffntp_config config;
	struct ffntp_config_error error;
	const struct ffntp_config_server *usual = &config.server[1], *full = &config.server[2];

	(void)state;
	assert_true(parse(&config, text, &error));
	assert_int_equal(config.servers, 7);
	assert_true(ffntp_config_is_many(&config) && ffntp_config_members(&config) == 7);
	assert_false(config.server[0].is_refclock);
	assert_true(usual->is_refclock && !usual->is_pool && usual->iburst && !usual->is_preferred);
	assert_string_equal(usual->name, "/dev/ptp0");
	assert_string_equal(usual->refclock.name, "PHC0");
	assert_true(usual->minpoll_log2_s == 2 && usual->maxpoll_log2_s == 2 && usual->refclock.samples == 16);
	assert_true(usual->refclock.max_error_s == 0 && usual->refclock.precision_s == 1e-9 && !usual->refclock.is_tai);
	assert_true(full->minpoll_log2_s == 4 && full->maxpoll_log2_s == 4 && full->refclock.samples == 8);
	assert_string_equal(full->refclock.name, "GPS");
	assert_true(full->refclock.offset_s == -1e-6 && full->refclock.delay_s == 1e-5);
	assert_true(full->refclock.max_error_s == 2e-6 && full->refclock.precision_s == 1e-8);
	assert_true(full->refclock.stratum == 2 && full->refclock.is_tai);
	assert_true(full->is_preferred && full->is_trusted && full->is_required && !full->is_unused);
	assert_string_equal(config.server[3].refclock.name, "PHC2");
	assert_true(config.server[3].is_unused && config.server[3].refclock.samples == 25);
	assert_int_equal(config.server[4].refclock.samples, 1);
	assert_string_equal(config.server[5].name, "/dev/vmclock1");
	assert_string_equal(config.server[5].refclock.name, "VMC4");
	assert_true(config.server[5].refclock.kind == FFNTP_REFCLOCK_VMCLOCK && config.server[5].minpoll_log2_s == 1);
	assert_string_equal(config.server[6].name, "/dev/vmclock0");
	assert_true(config.server[6].refclock.kind == FFNTP_REFCLOCK_VMCLOCK && config.server[6].minpoll_log2_s == 2);
}

/* A reload keeps a reference clock whose line is the same. */
static void reference_clocks_are_compared(void **state)
{
	static const char *const others[] = {
		"server /dev/ptp0",
		"refclock PHC /dev/ptp1",
		"refclock PHC /dev/ptp0 refid GPS",
		"refclock PHC /dev/ptp0 tai",
		"refclock PHC /dev/ptp0 dpoll 0",
		"refclock PHC /dev/ptp0 poll 3",
		"refclock PHC /dev/ptp0 stratum 1",
		"refclock PHC /dev/ptp0 offset 1",
		"refclock PHC /dev/ptp0 delay 1",
		"refclock PHC /dev/ptp0 maxerror 1",
		"refclock PHC /dev/ptp0 precision 1",
		"refclock PHC /dev/ptp0 prefer",
		"refclock VMCLOCK /dev/ptp0 refid PHC0",
	};
	struct ffntp_config a, b;
	struct ffntp_config_error error;

	(void)state;
	assert_true(parse(&a, "refclock PHC /dev/ptp0", &error));
	assert_true(parse(&b, "refclock PHC /dev/ptp0 utc poll 2", &error));
	assert_true(ffntp_config_is_same_server(&a.server[0], &b.server[0]));
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		assert_true(parse(&b, others[i], &error));
		assert_false(ffntp_config_is_same_server(&a.server[0], &b.server[0]));
	}
}

static void refuses_a_nul_byte(void **state)
{
	static const char text[] = "server a\nserver \0b\n";
	struct ffntp_config config;
	struct ffntp_config_error error;

	(void)state;
	ffntp_config_default(&config);
	assert_false(ffntp_config_parse(&config, text, sizeof(text) - 1, &(struct ffntp_config_scope){ 0 }, &error));
	assert_int_equal(error.line, 2);
	assert_non_null(strstr(error.text, "NUL"));
}

/* Return a line of a beginning and 'count' bytes 'a'. */
static char *long_line(const char *begin, size_t count)
{
	size_t length = strlen(begin);
	char *text = malloc(length + count + 1);

	assert_non_null(text);
	memcpy(text, begin, length);
	memset(text + length, 'a', count);
	text[length + count] = '\0';
	return text;
}

static void refuses_what_is_too_long(void **state)
{
	static const struct {
		const char *begin;
		size_t count;
		bool is_accepted;
	} cases[] = {
		{ "server ", FFNTP_CONFIG_NAME_SIZE - 1, true },
		{ "server ", FFNTP_CONFIG_NAME_SIZE, false },
		{ "leapseclist ", FFNTP_CONFIG_PATH_SIZE - 1, true },
		{ "leapseclist ", FFNTP_CONFIG_PATH_SIZE, false },
		{ "statefile ", FFNTP_CONFIG_PATH_SIZE - 1, true },
		{ "statefile ", FFNTP_CONFIG_PATH_SIZE, false },
		{ "keyfile ", FFNTP_CONFIG_PATH_SIZE - 1, true },
		{ "keyfile ", FFNTP_CONFIG_PATH_SIZE, false },
		{ "#", FFNTP_CONFIG_LINE_MAX - 1, true },
		{ "#", FFNTP_CONFIG_LINE_MAX, false },
		{ "", 1 << 20, false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct ffntp_config config;
		struct ffntp_config_error error;
		char *text = long_line(cases[i].begin, cases[i].count);

		assert_int_equal(parse(&config, text, &error), cases[i].is_accepted);
		free(text);
	}
}

static void reads_how_servers_are_combined(void **state)
{
	struct ffntp_config config;
	struct ffntp_config_error error;

	(void)state;
	assert_true(parse(&config, "server a prefer trust require\nserver b noselect\npool c maxsources 5\npool d\n",
			  &error));
	assert_int_equal(config.servers, 4);
	assert_true(config.server[0].is_preferred && config.server[0].is_trusted && config.server[0].is_required);
	assert_false(config.server[1].is_preferred || config.server[1].is_trusted || config.server[1].is_required);
	assert_true(config.server[1].is_unused && !config.server[0].is_unused);
	assert_true(config.server[2].is_pool && !config.server[1].is_pool);
	assert_int_equal(config.server[2].maxsources, 5);
	assert_int_equal(config.server[3].maxsources, 4);
	assert_int_equal(config.least_sources, 1);
	assert_true(ffntp_config_is_many(&config));
	assert_true(parse(&config, "server a\nminsources 3\n", &error));
	assert_int_equal(config.least_sources, 3);
	assert_false(ffntp_config_is_many(&config));
	assert_true(parse(&config, "pool a maxsources 1\n", &error) && ffntp_config_is_many(&config));
}

/* Each difference of two servers, and of two configurations beside their servers. */
static void compares_servers_and_clocks(void **state)
{
	static const char *const servers[] = { "server a",          "server b",           "pool a",
					       "server a port 124", "server a minpoll 5", "server a maxpoll 11",
					       "server a iburst",   "server a prefer",    "server a trust",
					       "server a require",  "server a noselect" };
	static const char *const clocks[] = { "server a",          "minsources 2",          "maxdistance 1",
					      "maxclockerror 2",   "accuracytarget 1",      "leapseclist /x",
					      "leapexpiry strict", "leapindicators ignore", "counterjumps no" };
	struct ffntp_config a, b;
	struct ffntp_config_error error;

	(void)state;
	for (size_t i = 0; i < COUNT(servers); i++) {
		for (size_t j = 0; j < COUNT(servers); j++) {
			assert_true(parse(&a, servers[i], &error) && parse(&b, servers[j], &error));
			assert_int_equal(ffntp_config_is_same_server(&a.server[0], &b.server[0]), i == j);
			assert_true(ffntp_config_is_same_clock(&a, &b));
		}
	}
	for (size_t i = 0; i < COUNT(clocks); i++) {
		for (size_t j = 0; j < COUNT(clocks); j++) {
			assert_true(parse(&a, clocks[i], &error) && parse(&b, clocks[j], &error));
			assert_int_equal(ffntp_config_is_same_clock(&a, &b), i == j);
		}
	}
}

static void counts_the_members_of_pools(void **state)
{
	struct ffntp_config config;
	struct ffntp_config_error error;

	(void)state;
	assert_true(parse(&config,
			  "pool a maxsources 16\npool b maxsources 16\npool c maxsources 16\npool d maxsources 16\n",
			  &error));
	assert_false(ffntp_config_add_server(&config, "e"));
	assert_false(parse(
		&config,
		"pool a maxsources 16\npool b maxsources 16\npool c maxsources 16\nserver d\npool e maxsources 16\n",
		&error));
	assert_int_equal(error.line, 5);
	assert_non_null(strstr(error.text, "more than 64 servers, with the maxsources of pools"));
}

static void refuses_more_servers_and_words_than_there_is_room_for(void **state)
{
	struct ffntp_config config;
	struct ffntp_config_error error;
	char text[1024] = "";

	(void)state;
	for (int i = 0; i < FFNTP_CONFIG_SERVERS; i++)
		strcat(text, "server a\n");
	assert_true(parse(&config, text, &error));
	assert_false(ffntp_config_add_server(&config, "b"));
	strcat(text, "server a\n");
	assert_false(parse(&config, text, &error));
	assert_int_equal(error.line, FFNTP_CONFIG_SERVERS + 1);
	assert_string_equal(error.text, "more than 64 servers");
	strcpy(text, "server a");
	for (int i = 0; i < 40; i++)
		strcat(text, " iburst");
	assert_false(parse(&config, text, &error));
	assert_non_null(strstr(error.text, "words"));
}

/* --- directories --- */

/* Read a line confdir as if each directory were a file with one server of its name. */
static bool include(void *context, struct ffntp_config *config, char *const *directories, size_t count)
{
	if (context != NULL)
		return false;
	for (size_t i = 0; i < count; i++)
		assert_true(ffntp_config_add_server(config, directories[i]));
	return true;
}

static void reads_directories_where_their_line_stands(void **state)
{
	static const char text[] = "server a\nconfdir b c\nserver d\nsourcedir /e /f\nsourcedir /g\n";
	struct ffntp_config_scope scope = { .include = include };
	struct ffntp_config config;
	struct ffntp_config_error error = { 0 };

	(void)state;
	ffntp_config_default(&config);
	assert_true(ffntp_config_parse(&config, text, strlen(text), &scope, &error));
	assert_int_equal(config.servers, 4);
	assert_string_equal(config.server[1].name, "b");
	assert_string_equal(config.server[3].name, "d");
	assert_int_equal(config.sourcedirs, 3);
	assert_string_equal(config.sourcedir[1], "/f");
	assert_string_equal(config.sourcedir[2], "/g");
	scope.context = &scope;
	ffntp_config_default(&config);
	assert_false(ffntp_config_parse(&config, text, strlen(text), &scope, &error));
	assert_int_equal(error.line, 0); /* the includer has reported it */
}

static bool parse_sources(struct ffntp_config *config, const char *text, struct ffntp_config_error *error)
{
	const struct ffntp_config_scope scope = { .sources = "s.sources" };

	return ffntp_config_parse(config, text, strlen(text), &scope, error);
}

static void a_sources_file_has_servers_only(void **state)
{
	static const char *const others[] = { "minsources 2",  "confdir /a", "sourcedir /a",
					      "maxdistance 1", "allow",      "x" };
	struct ffntp_config config;
	struct ffntp_config_error error;

	(void)state;
	assert_true(parse(&config, "server a\nserver A port 5\n", &error));
	assert_true(parse_sources(&config, "# x\nserver A iburst\npool b\nserver a port 5\nSERVER a port 6\n", &error));
	assert_int_equal(config.servers, 4); /* a server that is there has one vote */
	assert_false(config.server[0].iburst);
	assert_string_equal(config.server[0].file, "");
	assert_string_equal(config.server[2].file, "s.sources");
	assert_true(config.server[2].is_pool && config.server[3].port == 6);
	for (size_t i = 0; i < COUNT(others); i++) {
		assert_false(parse_sources(&config, others[i], &error));
		assert_non_null(strstr(error.text, "lines that begin with server or pool"));
	}
}

static bool is_b(const char *name)
{
	return strcmp(name, "b") == 0;
}

static void a_name_must_be_one(void **state)
{
	const struct ffntp_config_scope scope = { .is_name = is_b };
	struct ffntp_config config;
	struct ffntp_config_error error;

	(void)state;
	ffntp_config_default(&config);
	assert_true(ffntp_config_parse(&config, "server b", 8, &scope, &error));
	assert_false(ffntp_config_parse(&config, "pool a", 6, &scope, &error));
	assert_string_equal(error.text, "pool 'a': neither a name nor an address");
	assert_int_equal(config.servers, 1);
}

static void copies_and_removes_servers(void **state)
{
	struct ffntp_config config, full;
	struct ffntp_config_error error;

	(void)state;
	assert_true(parse(&config, "server a\npool b maxsources 16\nserver c offline\n", &error));
	assert_false(ffntp_config_copy_server(&config, &config.server[1]));
	assert_true(parse(&full, "pool d maxsources 16\npool e maxsources 16\npool f maxsources 16\nserver g", &error));
	assert_false(ffntp_config_copy_server(&full, &config.server[1])); /* 65 */
	assert_true(ffntp_config_copy_server(&full, &config.server[2]));
	assert_int_equal(full.servers, 5);
	assert_true(full.server[4].is_offline);
	ffntp_config_remove_server(&config, 1);
	assert_int_equal(config.servers, 2);
	assert_string_equal(config.server[1].name, "c");
	assert_true(ffntp_config_is_same_server(&config.server[1], &full.server[4]));
	full.server[4].is_offline = false; /* which is about the start */
	assert_true(ffntp_config_is_same_server(&config.server[1], &full.server[4]));
}

/* With sources files there may be none at first, and several later. */
static void sources_files_need_room(void **state)
{
	struct ffntp_config config;
	struct ffntp_config_error error;

	(void)state;
	assert_true(parse(&config, "", &error) && !ffntp_config_is_many(&config));
	assert_true(parse(&config, "server a", &error) && !ffntp_config_is_many(&config));
	assert_true(parse(&config, "sourcedir /a", &error) && ffntp_config_is_many(&config));
}

/* Return whether these bytes are as they were filled before the test. */
static bool is_untouched(const void *memory, size_t size)
{
	const uint8_t *bytes = memory;

	for (size_t i = 0; i < size; i++)
		if (bytes[i] != 0xa5)
			return false;
	return true;
}

/* Memory costs nothing until it is written: that of servers and directories that are not configured never is. */
static void what_is_not_configured_is_not_touched(void **state)
{
	static const char text[] = "server a\nserver b iburst\nsourcedir /c\n";
	static struct ffntp_config made, copy;
	struct ffntp_config_error error;

	(void)state;
	memset(&made, 0xa5, sizeof(made));
	memset(&copy, 0xa5, sizeof(copy));
	assert_true(parse(&made, text, &error));
	ffntp_config_copy(&copy, &made);
	assert_true(ffntp_config_is_same_server(&copy.server[1], &made.server[1]));
	assert_string_equal(copy.sourcedir[0], "/c");
	for (size_t i = 0; i < 2; i++) {
		const struct ffntp_config *config = i == 0 ? &made : &copy;

		assert_true(is_untouched(&config->server[2], sizeof(config->server) - 2 * sizeof(config->server[0])));
		assert_true(
			is_untouched(&config->sourcedir[1], sizeof(config->sourcedir) - sizeof(config->sourcedir[0])));
		assert_true(is_untouched(config->nts_trusted, sizeof(config->nts_trusted)));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_a_server_with_all_options),
		cmocka_unit_test(reads_the_key_of_a_server),
		cmocka_unit_test(gives_a_bare_server_chronys_defaults),
		cmocka_unit_test(an_unwritten_limit_of_the_interval_follows_the_written_one),
		cmocka_unit_test(a_name_on_the_command_line_has_a_burst),
		cmocka_unit_test(reads_numbers_and_files),
		cmocka_unit_test(reads_a_journal_and_its_size),
		cmocka_unit_test(a_client_takes_what_is_accepted),
		cmocka_unit_test(each_number_has_its_range),
		cmocka_unit_test(skips_comments_and_blank_lines),
		cmocka_unit_test(keywords_have_no_case_and_lines_may_end_as_in_dos),
		cmocka_unit_test(refuses_with_the_line_and_the_reason),
		cmocka_unit_test(reference_clocks),
		cmocka_unit_test(reference_clocks_are_compared),
		cmocka_unit_test(refuses_a_nul_byte),
		cmocka_unit_test(refuses_what_is_too_long),
		cmocka_unit_test(reads_how_servers_are_combined),
		cmocka_unit_test(compares_servers_and_clocks),
		cmocka_unit_test(counts_the_members_of_pools),
		cmocka_unit_test(refuses_more_servers_and_words_than_there_is_room_for),
		cmocka_unit_test(reads_directories_where_their_line_stands),
		cmocka_unit_test(a_sources_file_has_servers_only),
		cmocka_unit_test(a_name_must_be_one),
		cmocka_unit_test(copies_and_removes_servers),
		cmocka_unit_test(sources_files_need_room),
		cmocka_unit_test(what_is_not_configured_is_not_touched),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
