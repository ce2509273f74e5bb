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

/*
 * A message while it is read. The functions of libresolv for this would load that library into every program that has
 * this file; those of the C library skip and expand names.
 */
struct walk {
	const uint8_t *begin, *at, *end;
};

struct record {
	uint16_t type, dns_class;
	const uint8_t *data;
	size_t size;
};

/* Move past a name and this many bytes behind it. Returns false if the message ends before. */
static bool skip_name(struct walk *walk, size_t behind)
{
	int length = dn_skipname(walk->at, walk->end);

	if (length < 0 || (size_t)(walk->end - walk->at) < (size_t)length + behind)
		return false;
	walk->at += (size_t)length + behind;
	return true;
}

/* Read a resource record, and move past it (RFC 1035, section 3.2.1). */
static bool read_record(struct walk *walk, struct record *record)
{
	if (!skip_name(walk, NS_RRFIXEDSZ))
		return false;
	record->type = (uint16_t)ffntp_load_be(walk->at - NS_RRFIXEDSZ, 2);
	record->dns_class = (uint16_t)ffntp_load_be(walk->at - NS_RRFIXEDSZ + 2, 2);
	record->size = ffntp_load_be(walk->at - 2, 2);
	record->data = walk->at;
	if ((size_t)(walk->end - walk->at) < record->size)
		return false;
	walk->at += record->size;
	return true;
}

static bool read_target(const struct walk *walk, const struct record *record, struct ffntp_srv_target *target)
{
	if (record->size < FIXED_SIZE)
		return false;
	target->priority = (uint16_t)ffntp_load_be(record->data, 2);
	target->weight = (uint16_t)ffntp_load_be(record->data + 2, 2);
	target->port = (uint16_t)ffntp_load_be(record->data + 4, 2);
	return dn_expand(walk->begin, walk->end, record->data + FIXED_SIZE, target->host, sizeof(target->host)) ==
	       (int)(record->size - FIXED_SIZE);
}

/* The name of the root, ".", is expanded to an empty name. */
static bool is_server(const struct ffntp_srv_target *target)
{
	return target->port != 0 && target->host[0] != '\0' && strpbrk(target->host, ":%[]/") == NULL;
}

static bool take_record(const struct walk *walk, const struct record *record, struct ffntp_srv_targets *found)
{
	struct ffntp_srv_target *target = &found->target[found->count];

	if (record->type != ns_t_srv || record->dns_class != ns_c_in || found->count == FFNTP_SRV_TARGETS)
		return true;
	if (!read_target(walk, record, target))
		return false;
	found->count += is_server(target);
	return true;
}

/* The header has the numbers of questions, answers, and further records, which must be whole, too (section 4.1.1). */
bool ffntp_srv_read(const uint8_t *message, size_t size, struct ffntp_srv_targets *found)
{
	struct walk walk = { message, message + NS_HFIXEDSZ, message + size };
	size_t questions, answers, records;
	struct record record;

	found->count = 0;
	if (size < NS_HFIXEDSZ)
		return false;
	questions = ffntp_load_be(message + 4, 2);
	answers = ffntp_load_be(message + 6, 2);
	records = answers + ffntp_load_be(message + 8, 2) + ffntp_load_be(message + 10, 2);
	for (size_t i = 0; i < questions; i++)
		if (!skip_name(&walk, NS_QFIXEDSZ))
			return false;
	for (size_t i = 0; i < records; i++)
		if (!read_record(&walk, &record) || (i < answers && !take_record(&walk, &record, found)))
			return false;
	return walk.at == walk.end;
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
