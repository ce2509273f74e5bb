/*
 * journal of ensembles: random ensembles, whose members come and go, lie, fall silent and are disrupted, are recorded
 * and replayed; each map of the replay must be equal bit for bit.
 *
 * test_ensemble_journal FILE writes the journal of three servers, of which one is wrong, for tests/journals.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../include/ffntp/ensemble.h"
#include "../ports/journal.h"
#include "world.h"

#define MEMBERS 8
#define STEPS 3000
#define START_NS (INT64_C(1770000000) * 1000000000)

/* Lines that grow. */
struct text {
	char *bytes;
	size_t used, size;
};

/* Servers with one counter, and an ensemble that is recorded. */
struct trial {
	struct prng prng;
	int64_t now_ns;
	struct world world[MEMBERS];
	bool is_pending[MEMBERS]; /* a reply is under way */
	int64_t arrival_ns[MEMBERS];
	uint8_t reply[MEMBERS][FFNTP_WIRE_SIZE];
	struct ffntp_ensemble_config config;
	void *memory;
	struct ffntp_ensemble *ensemble;
	struct ffntp_journal writer;
	struct text text;
	size_t maps, added, removed, disrupted;
	/* A session that gets the same inputs, if the ensemble has room for one member. */
	void *session_memory;
	struct ffntp_session *session;
	struct ffntp_journal session_writer;
	struct text session_text;
};

/* Return room for one line. */
static char *room(struct text *text)
{
	if (text->size - text->used < FFNTP_JOURNAL_LINE_SIZE) {
		text->size = 2 * text->size + FFNTP_JOURNAL_LINE_SIZE;
		text->bytes = realloc(text->bytes, text->size);
		assert_non_null(text->bytes);
	}
	return text->bytes + text->used;
}

/* Return memory that is filled with a byte, so that reading it uninitialised shows. */
static void *filled(size_t size, int byte)
{
	void *memory = size > 0 ? aligned_alloc(16, size) : NULL;

	assert_non_null(memory);
	memset(memory, byte, size);
	return memory;
}

static bool chance(struct trial *trial, uint64_t one_in)
{
	return prng_below(&trial->prng, one_in) == 0;
}

static ffntp_counter counter(const struct trial *trial)
{
	return world_counter(&trial->world[0], trial->now_ns);
}

/* --- recording --- */

static void record_input(void *context, unsigned member, const struct ffntp_input *input)
{
	struct trial *trial = context;
	struct text *text = &trial->text;
	char *line = room(text);

	if (ffntp_journal_is_member_recorded(&trial->writer, trial->ensemble, member, input))
		text->used += ffntp_journal_write_member_input(&trial->writer, member, input, line);
}

static void record_added(void *context, unsigned member, const struct ffntp_member_config *config, ffntp_counter now)
{
	struct trial *trial = context;
	char *line = room(&trial->text);

	trial->text.used += ffntp_journal_write_added(&trial->writer, member, config, now, line);
}

static void record_removed(void *context, unsigned member, ffntp_counter now)
{
	struct trial *trial = context;
	char *line = room(&trial->text);

	trial->text.used += ffntp_journal_write_removed(&trial->writer, member, now, line);
}

static void record_map(void *context, const struct ffntp_map *map)
{
	struct trial *trial = context;
	char *line = room(&trial->text);

	trial->maps++;
	trial->text.used += ffntp_journal_write_map(map, line);
}

static const struct ffntp_ensemble_recorder recorder = { record_input, record_added, record_removed, record_map };

static void pass_to_session(struct trial *trial, const struct ffntp_input *input)
{
	struct text *text = &trial->session_text;
	struct ffntp_event event;
	char *line = room(text);

	if (trial->session == NULL)
		return;
	if (ffntp_journal_is_recorded(trial->session, input))
		text->used += ffntp_journal_write_input(&trial->session_writer, input, line);
	ffntp_session_input(trial->session, input);
	while (ffntp_session_event(trial->session, &event)) {
		line = room(text);
		if (event.kind == FFNTP_EVENT_MAP)
			text->used += ffntp_journal_write_map(ffntp_session_map(trial->session), line);
	}
}

static void pass(struct trial *trial, unsigned member, const struct ffntp_input *input)
{
	size_t before = trial->maps, yielded = 0;
	struct ffntp_event event;
	unsigned from;

	if (member == FFNTP_ENSEMBLE_ALL || ffntp_ensemble_session(trial->ensemble, member) != NULL)
		pass_to_session(trial, input);
	ffntp_ensemble_input(trial->ensemble, member, input);
	while (ffntp_ensemble_event(trial->ensemble, &from, &event))
		yielded += event.kind == FFNTP_EVENT_MAP;
	assert_int_equal(trial->maps - before, yielded);
}

/* --- what happens --- */

static void begin_session(struct trial *trial, const struct ffntp_client_config *config)
{
	char *line = room(&trial->session_text);

	if (trial->session_memory == NULL)
		trial->session_memory = filled(ffntp_session_memory(config), 0x3c);
	trial->session =
		ffntp_session_init(trial->session_memory, ffntp_session_memory(config), config, counter(trial));
	trial->session_text.used += ffntp_journal_write_session(&trial->session_writer, config, counter(trial), line);
}

static void set_server(struct trial *trial, struct world *world)
{
	world->delay_ns = 100000 + (int64_t)prng_below(&trial->prng, 20000000);
	world->queue_ns = 1000 + (int64_t)prng_below(&trial->prng, 500000);
	world->asymmetry_ns = (int64_t)prng_below(&trial->prng, 400000) - 200000;
	world->server_error_ns = chance(trial, 5) ? 50000000 : 0;
	world->is_silent = chance(trial, 10);
	world->leap = chance(trial, 8) ? 1 : 0;
}

static void add(struct trial *trial)
{
	struct ffntp_member_config config = { .client = trial->config.client };
	int number;

	config.client.poll_min_s = 4 + (uint32_t)prng_below(&trial->prng, 12);
	config.is_preferred = chance(trial, 8);
	config.is_trusted = chance(trial, 12);
	config.is_required = chance(trial, 12);
	config.is_unused = chance(trial, 8);
	number = ffntp_ensemble_add(trial->ensemble, &config, counter(trial));
	if (number < 0)
		return;
	trial->added++;
	trial->is_pending[number] = false;
	set_server(trial, &trial->world[number]);
	if (trial->config.members == 1)
		begin_session(trial, &config.client);
}

static void remove_one(struct trial *trial)
{
	unsigned number = (unsigned)prng_below(&trial->prng, trial->config.members);

	trial->removed += ffntp_ensemble_session(trial->ensemble, number) != NULL;
	ffntp_ensemble_remove(trial->ensemble, number, counter(trial));
	if (trial->config.members == 1)
		trial->session = NULL;
}

static void jump(struct trial *trial, double ticks_per_ns, const struct ffntp_input *input)
{
	ffntp_counter value = prng_next(&trial->prng);
	struct ffntp_input jumped = *input;

	for (unsigned i = 0; i < MEMBERS; i++) {
		trial->world[i].now_ns = trial->now_ns;
		world_set_counter(&trial->world[i], value, ticks_per_ns);
		trial->is_pending[i] = false;
	}
	trial->disrupted++;
	jumped.at = counter(trial);
	pass(trial, FFNTP_ENSEMBLE_ALL, &jumped);
}

/* An input of a random kind, to a random member or to all. */
static void disturb(struct trial *trial)
{
	static const uint8_t garbage[48] = { 0x24, 1 };
	unsigned one = (unsigned)prng_below(&trial->prng, trial->config.members);
	bool is_to_jump = chance(trial, 6); /* rarely, so that an ensemble has time to combine its members */
	ffntp_counter at = counter(trial);
	struct ffntp_input input = { .at = at, .error = 101, .bytes = garbage, .length = sizeof(garbage) };

	switch (prng_below(&trial->prng, 10)) {
	case 0:
		input.kind = FFNTP_INPUT_PUBLISH;
		pass(trial, FFNTP_ENSEMBLE_ALL, &input);
		break;
	case 1:
		input.kind = FFNTP_INPUT_LEAP_TABLE;
		input.leap_table = chance(trial, 2) ? ffntp_leap_table_builtin() : NULL;
		pass(trial, FFNTP_ENSEMBLE_ALL, &input);
		break;
	case 2:
		input.kind = FFNTP_INPUT_LEAP_VOTE;
		input.vote = (struct ffntp_leap_vote){ .sign = 1, .is_unanimous = chance(trial, 2) };
		pass(trial, FFNTP_ENSEMBLE_ALL, &input);
		break;
	case 3:
		input.kind = FFNTP_INPUT_PAUSE;
		input.until = at + prng_below(&trial->prng, 60) * 1000000000;
		pass(trial, chance(trial, 2) ? one : FFNTP_ENSEMBLE_ALL, &input);
		break;
	case 4:
		input.kind = FFNTP_INPUT_SERVER;
		input.address[15] = (uint8_t)prng_below(&trial->prng, 4);
		input.port = 123;
		pass(trial, one, &input);
		set_server(trial, &trial->world[one]);
		break;
	case 5:
		input.kind = FFNTP_INPUT_ERROR;
		pass(trial, one, &input);
		break;
	case 6:
		input.kind = FFNTP_INPUT_DATAGRAM;
		pass(trial, one, &input);
		break;
	case 7:
		input.kind = FFNTP_INPUT_DISRUPTED;
		if (is_to_jump)
			jump(trial, trial->world[0].ticks_per_ns, &input);
		break;
	case 8:
		input.kind = FFNTP_INPUT_COUNTER_REPLACED;
		input.period_hint_s = 1e-9;
		input.period_hint_error = 1e-3;
		if (is_to_jump)
			jump(trial, 1 + 50e-6, &input);
		break;
	case 9:
		input.kind = FFNTP_INPUT_NOT_SENT;
		pass(trial, one, &input);
		break;
	}
}

static void request(struct trial *trial, unsigned number)
{
	struct world *world = &trial->world[number];
	ffntp_counter at = counter(trial);
	struct ffntp_input input = { .kind = FFNTP_INPUT_REQUEST, .at = at, .nonce = prng_next(&trial->prng) };
	const uint8_t *bytes;
	int64_t out_ns;

	input.nonce = chance(trial, 50) ? 0 : input.nonce;
	pass(trial, number, &input);
	bytes = ffntp_session_request(ffntp_ensemble_session(trial->ensemble, number));
	if (bytes == NULL)
		return;
	out_ns = trial->now_ns + world_delay_ns(world) + world->asymmetry_ns / 2;
	trial->is_pending[number] = !world->is_silent && !chance(trial, 20);
	trial->arrival_ns[number] = out_ns + world->residence_ns + world_delay_ns(world) - world->asymmetry_ns / 2;
	world_answer(world, bytes, out_ns, trial->reply[number]);
	if (chance(trial, 2))
		pass(trial, number,
		     &(struct ffntp_input){ .kind = FFNTP_INPUT_SENT, .at = at + 500, .stamp = at + 300 });
}

/* Replies are passed with the readings of their arrival, which may be earlier than those of the inputs before. */
static void deliver(struct trial *trial)
{
	for (unsigned i = 0; i < trial->config.members; i++) {
		if (!trial->is_pending[i] || trial->arrival_ns[i] > trial->now_ns)
			continue;
		trial->is_pending[i] = false;
		pass(trial, i,
		     &(struct ffntp_input){ .kind = FFNTP_INPUT_DATAGRAM,
					    .at = world_counter(&trial->world[i], trial->arrival_ns[i]),
					    .bytes = trial->reply[i],
					    .length = FFNTP_WIRE_SIZE });
	}
}

/* Let up to this much time pass. */
static void pass_time(struct trial *trial, uint64_t most_ns)
{
	const struct ffntp_session *session;

	trial->now_ns += (int64_t)prng_below(&trial->prng, most_ns);
	for (unsigned i = 0; i < trial->config.members; i++) {
		session = ffntp_ensemble_session(trial->ensemble, i);
		pass(trial, i, &(struct ffntp_input){ .kind = FFNTP_INPUT_TIMEOUT, .at = counter(trial) });
		if (session != NULL && ffntp_session_wants_request(session))
			request(trial, i);
	}
	deliver(trial);
}

static void step(struct trial *trial)
{
	pass_time(trial, chance(trial, 4) ? 5000000000 : 50000000);
	if (chance(trial, 60))
		add(trial);
	if (chance(trial, 250))
		remove_one(trial);
	if (chance(trial, 40))
		disturb(trial);
}

static struct trial begun(uint64_t seed, unsigned members)
{
	struct trial trial = { .prng = { seed }, .now_ns = START_NS, .config = { .members = members } };

	ffntp_client_config_default(&trial.config.client);
	trial.config.client.period_hint_s = 1e-9;
	trial.config.client.period_hint_error = 1e-3;
	trial.config.client.poll_max_s = 16;
	trial.config.client.poll_min_s = 4;
	trial.config.client.leap_trust = chance(&trial, 2) ? FFNTP_LEAP_TRUST_CALLER : FFNTP_LEAP_TRUST_SERVER;
	trial.config.least_sources = (unsigned)prng_below(&trial.prng, 3);
	for (unsigned i = 0; i < MEMBERS; i++)
		trial.world[i] = world_new(seed * MEMBERS + i, START_NS);
	trial.memory = filled(ffntp_ensemble_memory(&trial.config), 0xa5);
	trial.ensemble =
		ffntp_ensemble_init(trial.memory, ffntp_ensemble_memory(&trial.config), &trial.config, counter(&trial));
	assert_non_null(trial.ensemble);
	trial.text.used += ffntp_journal_write_head(&trial.writer, "0.1.0", room(&trial.text));
	trial.text.used +=
		ffntp_journal_write_ensemble(&trial.writer, &trial.config, counter(&trial), room(&trial.text));
	trial.session_text.used += ffntp_journal_write_head(&trial.session_writer, "0.1.0", room(&trial.session_text));
	return trial;
}

static void release(struct trial *trial)
{
	free(trial->memory);
	free(trial->text.bytes);
	free(trial->session_memory);
	free(trial->session_text.bytes);
}

static struct ffntp_map last_map(const struct trial *trial)
{
	return *ffntp_ensemble_map(trial->ensemble);
}

/* Run a trial that continues, half of the time, from the last map of a former one. */
static void run(struct trial *trial, const struct ffntp_map *former)
{
	ffntp_ensemble_record(trial->ensemble, &recorder, trial);
	for (unsigned i = 0; i < trial->config.members && i < 3; i++)
		add(trial);
	if (former != NULL)
		pass(trial, FFNTP_ENSEMBLE_ALL,
		     &(struct ffntp_input){ .kind = FFNTP_INPUT_FORMER, .at = counter(trial), .map = former });
	for (unsigned i = 0; i < STEPS; i++)
		step(trial);
	ffntp_ensemble_record(trial->ensemble, NULL, NULL);
}

/* --- replaying --- */

struct replay {
	struct ffntp_journal reader;
	struct ffntp_journal_entry entry;
	struct ffntp_leap_table table;
	void *memory;
	struct ffntp_ensemble *ensemble;
	bool has_map;
	size_t maps, inputs;
};

static const struct ffntp_leap_table *keep(struct replay *replay, const struct ffntp_leap_table *table)
{
	if (table != NULL)
		replay->table = *table;
	return table != NULL ? &replay->table : NULL;
}

static void replay_added(struct replay *replay, unsigned number, struct ffntp_member_config config)
{
	config.client.leap_table = keep(replay, config.client.leap_table);
	assert_int_equal(ffntp_ensemble_add(replay->ensemble, &config, replay->entry.at), number);
}

static void replay_beginning(struct replay *replay)
{
	struct ffntp_ensemble_config config = replay->entry.ensemble;
	size_t size = ffntp_ensemble_memory(&config);

	free(replay->memory);
	config.client.leap_table = keep(replay, config.client.leap_table);
	replay->memory = filled(size, 0x5a);
	replay->ensemble = ffntp_ensemble_init(replay->memory, size, &config, replay->entry.at);
	assert_non_null(replay->ensemble);
	if (config.members == 1)
		replay_added(replay, 0, (struct ffntp_member_config){ .client = config.client });
}

static void replay_input(struct replay *replay)
{
	struct ffntp_event event;
	unsigned member;

	assert_false(replay->has_map);
	replay->inputs++;
	replay->entry.input.leap_table = keep(replay, replay->entry.input.leap_table);
	ffntp_ensemble_input(replay->ensemble, replay->entry.number, &replay->entry.input);
	while (ffntp_ensemble_event(replay->ensemble, &member, &event))
		replay->has_map |= event.kind == FFNTP_EVENT_MAP;
}

static void replay_map(struct replay *replay)
{
	assert_true(replay->has_map);
	assert_true(ffntp_journal_digest(ffntp_ensemble_map(replay->ensemble)) == replay->entry.digest);
	replay->has_map = false;
	replay->maps++;
}

static void replay_line(struct replay *replay, const char *line, size_t length)
{
	switch (ffntp_journal_read(&replay->reader, line, length, &replay->entry)) {
	case FFNTP_JOURNAL_HEAD:
		break;
	case FFNTP_JOURNAL_SESSION:
	case FFNTP_JOURNAL_ENSEMBLE:
		replay_beginning(replay);
		break;
	case FFNTP_JOURNAL_ADDED:
		replay_added(replay, replay->entry.number, replay->entry.member);
		break;
	case FFNTP_JOURNAL_REMOVED:
		ffntp_ensemble_remove(replay->ensemble, replay->entry.number, replay->entry.at);
		break;
	case FFNTP_JOURNAL_INPUT:
		replay_input(replay);
		break;
	case FFNTP_JOURNAL_MAP:
		replay_map(replay);
		break;
	case FFNTP_JOURNAL_INVALID:
	case FFNTP_JOURNAL_NOTHING:
	case FFNTP_JOURNAL_CONTINUES:
	case FFNTP_JOURNAL_LISTED:
		fail_msg("%.*s: %s", (int)length, line, replay->entry.problem);
	}
}

static void check_replay(const struct trial *trial)
{
	static struct replay replay;
	const char *at = trial->text.bytes, *end = at + trial->text.used;

	replay = (struct replay){ 0 };
	while (at < end) {
		const char *newline = memchr(at, '\n', (size_t)(end - at));

		assert_non_null(newline);
		replay_line(&replay, at, (size_t)(newline - at));
		at = newline + 1;
	}
	assert_int_equal(replay.maps, trial->maps);
	assert_true(replay.inputs > 100 && replay.maps > 50);
	free(replay.memory);
}

/* --- tests --- */

static void random_ensembles_replay(void **state)
{
	size_t added = 0, removed = 0, disrupted = 0, synchronised = 0;
	struct ffntp_map former = { 0 };

	(void)state;
	for (uint64_t seed = 1; seed <= 40; seed++) {
		struct trial trial = begun(seed, 2 + (unsigned)(seed % (MEMBERS - 1)));

		run(&trial, seed % 2 == 0 ? &former : NULL);
		check_replay(&trial);
		former = last_map(&trial);
		synchronised += former.status == FFNTP_STATUS_SYNCHRONISED;
		added += trial.added;
		removed += trial.removed;
		disrupted += trial.disrupted;
		release(&trial);
	}
	assert_true(added > 200 && removed > 100 && disrupted > 50 && synchronised > 10);
}

static void with_room_for_one_it_is_a_sessions_journal(void **state)
{
	struct ffntp_map former = { 0 };

	(void)state;
	for (uint64_t seed = 1; seed <= 20; seed++) {
		struct trial trial = begun(seed, 1);

		run(&trial, seed % 2 == 0 ? &former : NULL);
		assert_int_equal(trial.text.used, trial.session_text.used);
		assert_memory_equal(trial.text.bytes, trial.session_text.bytes, trial.text.used);
		check_replay(&trial);
		former = last_map(&trial);
		release(&trial);
	}
}

/* --- the journal of three servers --- */

#define FALSETICKER 2

/* Add a member with a server of documentation's addresses, 192.0.2.x. */
static void add_server(struct trial *trial, uint8_t last_byte)
{
	struct ffntp_input input = { .kind = FFNTP_INPUT_SERVER, .at = counter(trial), .port = 123 };
	struct ffntp_member_config config = { .client = trial->config.client };
	static const uint8_t network[] = { [10] = 0xff, 0xff, 192, 0, 2 };
	int number = ffntp_ensemble_add(trial->ensemble, &config, counter(trial));

	assert_true(number >= 0);
	memcpy(input.address, network, sizeof(network));
	input.address[15] = last_byte;
	pass(trial, (unsigned)number, &input);
}

static void let_pass(struct trial *trial, int64_t seconds)
{
	int64_t end_ns = trial->now_ns + seconds * 1000000000;

	while (trial->now_ns < end_ns)
		pass_time(trial, 100000000);
}

/* Some minutes, until the servers are combined; then one of the servers that are right is replaced, and then the
 * counter jumps. */
static int write_three_servers(const char *path)
{
	struct trial trial = begun(1, 4);
	FILE *file = fopen(path, "w");
	bool is_written;

	trial.world[1].delay_ns = 7000000;
	trial.world[FALSETICKER].server_error_ns = 20000000;
	ffntp_ensemble_record(trial.ensemble, &recorder, &trial);
	for (uint8_t i = 1; i <= 3; i++)
		add_server(&trial, i);
	let_pass(&trial, 180);
	ffntp_ensemble_remove(trial.ensemble, 1, counter(&trial));
	add_server(&trial, 4);
	let_pass(&trial, 90);
	jump(&trial, trial.world[0].ticks_per_ns, &(struct ffntp_input){ .kind = FFNTP_INPUT_DISRUPTED });
	let_pass(&trial, 60);
	is_written = file != NULL && fwrite(trial.text.bytes, 1, trial.text.used, file) == trial.text.used;
	is_written = file != NULL && fclose(file) == 0 && is_written;
	release(&trial);
	return is_written ? 0 : 1;
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(random_ensembles_replay),
		cmocka_unit_test(with_room_for_one_it_is_a_sessions_journal),
	};

	return argc > 1 ? write_three_servers(argv[1]) : cmocka_run_group_tests(tests, NULL, NULL);
}
