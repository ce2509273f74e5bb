/* records: see records.h. */
#include "records.h"

#include "../core/bits.h"

/* Types of records (RFC 8915, section 7.7). */
enum {
	END_OF_MESSAGE = 0,
	NEXT_PROTOCOL = 1,
	ERROR = 2,
	WARNING = 3,
	AEAD_ALGORITHM = 4,
	NEW_COOKIE = 5,
	NTPV4_SERVER = 6,
	NTPV4_PORT = 7,
	/* chrony's: with AEAD 30 the exporter's context has 30, as in RFC 8915, only if both sides send it. */
	COMPLIANT_GCM_SIV_EXPORTER = 1024,
	CRITICAL = 0x8000,
};

enum { HEAD = 4, NTPV4 = 0, NTP_PORT = 123 };

/* --- requests --- */

static size_t add_record(uint8_t *message, size_t at, uint16_t type, const uint16_t *numbers, size_t count)
{
	ffntp_store_be(message + at, 2, type);
	ffntp_store_be(message + at + 2, 2, 2 * count);
	at += HEAD;
	for (size_t i = 0; i < count; i++, at += 2)
		ffntp_store_be(message + at, 2, numbers[i]);
	return at;
}

static bool is_offered(uint16_t number, const uint16_t *offers, size_t count)
{
	size_t i = 0;

	while (i < count && offers[i] != number)
		i++;
	return i < count;
}

size_t ffntp_nts_write_request(const uint16_t *offers, size_t count, uint8_t request[FFNTP_NTS_MESSAGE_REQUEST])
{
	static const uint16_t protocol = NTPV4;
	size_t at = 0;

	at = add_record(request, at, CRITICAL | NEXT_PROTOCOL, &protocol, 1);
	at = add_record(request, at, CRITICAL | AEAD_ALGORITHM, offers, count);
	if (is_offered(FFNTP_NTS_AES_128_GCM_SIV, offers, count))
		at = add_record(request, at, COMPLIANT_GCM_SIV_EXPORTER, NULL, 0);
	return add_record(request, at, CRITICAL | END_OF_MESSAGE, NULL, 0);
}

/* --- replies --- */

struct record {
	bool is_critical;
	uint16_t type;
	const uint8_t *body;
	size_t size, next; /* of the body; and where the next record begins */
};

static bool read_record(const uint8_t *message, size_t length, size_t at, struct record *record)
{
	if (at > length || length - at < HEAD)
		return false;
	record->type = (uint16_t)(ffntp_load_be(message + at, 2) & ~(uint64_t)CRITICAL);
	record->is_critical = (message[at] & 0x80) != 0;
	record->size = (size_t)ffntp_load_be(message + at + 2, 2);
	record->body = message + at + HEAD;
	record->next = at + HEAD + record->size;
	return record->next <= length;
}

bool ffntp_nts_is_complete(const uint8_t *message, size_t length)
{
	struct record record;

	for (size_t at = 0; read_record(message, length, at, &record); at = record.next) {
		if (record.type == END_OF_MESSAGE || record.type == ERROR)
			return true;
	}
	return false;
}

/* The reading of one message. */
struct reading {
	const uint16_t *offers;
	size_t offer_count;
	struct ffntp_nts_agreement *agreement;
	bool has_protocol, has_aead, has_ended;
	bool is_compliant; /* the server sent the record of the exporter's context */
};

static const char *error_text(const struct record *record)
{
	if (record->size != 2)
		return "the server reports an error, in a malformed record";
	switch (ffntp_load_be(record->body, 2)) {
	case 0:
		return "the server reports an error: it does not know a critical record of the request";
	case 1:
		return "the server reports an error: it calls the request malformed";
	case 2:
		return "the server reports an error: an internal one of its own";
	default:
		return "the server reports an error that is not known";
	}
}

static const char *take_protocol(struct reading *reading, const struct record *record)
{
	if (reading->has_protocol || record->size % 2 != 0)
		return "the record of the protocol is malformed";
	if (record->size != 2 || ffntp_load_be(record->body, 2) != NTPV4)
		return "the server does not offer NTPv4";
	reading->has_protocol = true;
	return NULL;
}

static const char *take_aead(struct reading *reading, const struct record *record)
{
	if (reading->has_aead || record->size % 2 != 0 || record->size > 2)
		return "the record of the AEAD algorithm is malformed";
	if (record->size == 0)
		return "the server has none of the AEAD algorithms that were offered";
	reading->agreement->aead = (uint16_t)ffntp_load_be(record->body, 2);
	if (!is_offered(reading->agreement->aead, reading->offers, reading->offer_count))
		return "the server chose an AEAD algorithm that was not offered";
	reading->has_aead = true;
	return NULL;
}

static void take_cookie(struct ffntp_nts_agreement *agreement, const struct record *record)
{
	struct ffntp_nts_cookie *cookie;

	if (!ffntp_nts_is_cookie(record->size) || agreement->cookies >= FFNTP_NTS_COOKIES)
		return;
	cookie = &agreement->cookie[agreement->cookies++];
	cookie->size = (uint16_t)record->size;
	for (size_t i = 0; i < record->size; i++)
		cookie->bytes[i] = record->body[i];
}

/* A name is printable ASCII; whether it is one of a host is for the resolver. */
static const char *take_name(struct ffntp_nts_agreement *agreement, const struct record *record)
{
	if (record->size == 0 || record->size >= FFNTP_NTS_NAME_SIZE)
		return "the record of the server's name is malformed";
	for (size_t i = 0; i < record->size; i++) {
		if (record->body[i] <= ' ' || record->body[i] > '~')
			return "the record of the server's name is malformed";
		agreement->name[i] = (char)record->body[i];
	}
	agreement->name[record->size] = '\0';
	return NULL;
}

static const char *take_port(struct ffntp_nts_agreement *agreement, const struct record *record)
{
	if (record->size != 2 || ffntp_load_be(record->body, 2) == 0)
		return "the record of the server's port is malformed";
	agreement->port = (uint16_t)ffntp_load_be(record->body, 2);
	return NULL;
}

static const char *take_record(struct reading *reading, const struct record *record)
{
	switch (record->type) {
	case END_OF_MESSAGE:
		reading->has_ended = true;
		return record->size == 0 && record->is_critical ? NULL : "the last record is malformed";
	case NEXT_PROTOCOL:
		return take_protocol(reading, record);
	case ERROR:
		return error_text(record);
	case WARNING:
		return "the server warns of something that is not known";
	case AEAD_ALGORITHM:
		return take_aead(reading, record);
	case NEW_COOKIE:
		take_cookie(reading->agreement, record);
		return NULL;
	case NTPV4_SERVER:
		return take_name(reading->agreement, record);
	case NTPV4_PORT:
		return take_port(reading->agreement, record);
	case COMPLIANT_GCM_SIV_EXPORTER:
		reading->is_compliant = true;
		return NULL;
	default:
		return record->is_critical ? "a critical record is not known" : NULL;
	}
}

/* Servers of chrony before 4.6.1 know AEAD 30 and not the record, and have 15 in the context. */
static uint16_t exported_aead(const struct reading *reading)
{
	uint16_t aead = reading->agreement->aead;

	return aead == FFNTP_NTS_AES_128_GCM_SIV && !reading->is_compliant ? FFNTP_NTS_AES_SIV_CMAC_256 : aead;
}

/* Check that the message has all that an agreement needs. */
static const char *conclude(const struct reading *reading)
{
	if (!reading->has_ended)
		return "the message has no end";
	if (!reading->has_protocol || !reading->has_aead)
		return "the message lacks the protocol or the AEAD algorithm";
	return reading->agreement->cookies > 0 ? NULL : "the message has no usable cookie";
}

const char *ffntp_nts_read_message(const uint8_t *message, size_t length, const uint16_t *offers, size_t count,
				   struct ffntp_nts_agreement *agreement)
{
	struct reading reading = { .offers = offers, .offer_count = count, .agreement = agreement };
	struct record record;
	const char *problem = NULL;
	size_t at = 0;

	*agreement = (struct ffntp_nts_agreement){ .port = NTP_PORT };
	for (; problem == NULL && !reading.has_ended && read_record(message, length, at, &record); at = record.next)
		problem = take_record(&reading, &record);
	if (problem == NULL && reading.has_ended && at != length)
		problem = "there is more behind the end of the message";
	if (problem == NULL)
		problem = conclude(&reading);
	agreement->exported_aead = exported_aead(&reading);
	return problem;
}
