/* srv: see srv.h. */
#include "srv.h"

#include <arpa/nameser.h>
#include <netdb.h>
#include <netinet/in.h>
#include <resolv.h>
#include <string.h>

#include "../../core/bits.h"
#include "random.h"

/* Space for the reply (bytes): 16 records of the longest names. */
#define REPLY_SIZE 4096

/* Of the data of an SRV record, before the target (bytes). */
#define FIXED_SIZE 6

/* --- a reply --- */

static bool read_target(const ns_msg *message, const ns_rr *record, struct ffntp_srv_target *target)
{
	const uint8_t *data = ns_rr_rdata(*record);
	int size = ns_rr_rdlen(*record);

	if (size < FIXED_SIZE)
		return false;
	target->priority = (uint16_t)ffntp_load_be(data, 2);
	target->weight = (uint16_t)ffntp_load_be(data + 2, 2);
	target->port = (uint16_t)ffntp_load_be(data + 4, 2);
	return dn_expand(ns_msg_base(*message), ns_msg_end(*message), data + FIXED_SIZE, target->host,
			 sizeof(target->host)) == size - FIXED_SIZE;
}

/* The name of the root, ".", is expanded to an empty name. */
static bool is_server(const struct ffntp_srv_target *target)
{
	return target->port != 0 && target->host[0] != '\0' && strpbrk(target->host, ":%[]/") == NULL;
}

static bool read_records(ns_msg *message, struct ffntp_srv_targets *found)
{
	for (int i = 0; i < ns_msg_count(*message, ns_s_an); i++) {
		struct ffntp_srv_target *target = &found->target[found->count];
		ns_rr record;

		if (found->count == FFNTP_SRV_TARGETS)
			return true;
		if (ns_parserr(message, ns_s_an, i, &record) != 0)
			return false;
		if (ns_rr_type(record) != ns_t_srv || ns_rr_class(record) != ns_c_in)
			continue;
		if (!read_target(message, &record, target))
			return false;
		found->count += is_server(target);
	}
	return true;
}

bool ffntp_srv_read(const uint8_t *message, size_t size, struct ffntp_srv_targets *found)
{
	ns_msg handle;

	found->count = 0;
	return ns_initparse(message, (int)size, &handle) == 0 && read_records(&handle, found);
}

/* --- their order --- */

/* Return the number of targets at 'first' and after it that have the same priority, if all are sorted by it. */
static size_t count_equals(const struct ffntp_srv_targets *found, size_t first)
{
	size_t end = first + 1;

	while (end < found->count && found->target[end].priority == found->target[first].priority)
		end++;
	return end - first;
}

/* Put a target before those at 'to' and after it. */
static void move(struct ffntp_srv_targets *found, size_t from, size_t to)
{
	struct ffntp_srv_target moved = found->target[from];

	memmove(&found->target[to + 1], &found->target[to], (from - to) * sizeof(moved));
	found->target[to] = moved;
}

static void sort_by_priority(struct ffntp_srv_targets *found)
{
	for (size_t i = 1; i < found->count; i++) {
		size_t to = i;

		while (to > 0 && found->target[to - 1].priority > found->target[i].priority)
			to--;
		move(found, i, to);
	}
}

/* Return which of the targets the random number chooses: each with the chance of its weight; one of weight 0 rarely. */
static size_t choose(const struct ffntp_srv_targets *found, size_t first, size_t count, uint32_t bits)
{
	uint64_t sum = 0, drawn;
	size_t i = first;

	for (size_t k = first; k < first + count; k++)
		sum += found->target[k].weight;
	drawn = bits * (sum + 1) >> 32;
	while (i + 1 < first + count && drawn > found->target[i].weight)
		drawn -= found->target[i++].weight;
	return i;
}

void ffntp_srv_order(struct ffntp_srv_targets *found, const uint32_t bits[FFNTP_SRV_TARGETS])
{
	sort_by_priority(found);
	for (size_t i = 0; i < found->count; i++)
		move(found, choose(found, i, count_equals(found, i), bits[i]), i);
}

/* --- the resolver --- */

static const char *problem_of(int error)
{
	if (error == HOST_NOT_FOUND || error == NO_DATA)
		return "the domain names no NTP server in SRV records";
	return error == TRY_AGAIN ? gai_strerror(EAI_AGAIN) : gai_strerror(EAI_FAIL);
}

static const char *ask(const char *name, uint8_t reply[REPLY_SIZE], size_t *size)
{
	struct __res_state state = { 0 };
	int length;

	if (res_ninit(&state) != 0)
		return gai_strerror(EAI_FAIL);
	length = res_nquery(&state, name, ns_c_in, ns_t_srv, reply, REPLY_SIZE);
	res_nclose(&state);
	if (length < 0)
		return problem_of(state.res_h_errno);
	*size = (size_t)length;
	return length > REPLY_SIZE ? "the name server's reply is too large" : NULL;
}

const char *ffntp_srv_find(const char *name, struct ffntp_srv_targets *found)
{
	uint32_t bits[FFNTP_SRV_TARGETS];
	struct ffntp_srv_targets targets;
	uint8_t reply[REPLY_SIZE];
	size_t size = 0;
	const char *problem = ask(name, reply, &size);

	if (problem != NULL)
		return problem;
	if (!ffntp_srv_read(reply, size, &targets))
		return "the name server's reply is malformed";
	if (targets.count == 0)
		return problem_of(NO_DATA);
	if (!ffntp_random_bytes((uint8_t *)bits, sizeof(bits)))
		memset(bits, 0, sizeof(bits));
	ffntp_srv_order(&targets, bits);
	*found = targets;
	return NULL;
}
