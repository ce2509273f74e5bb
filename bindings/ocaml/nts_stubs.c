/*
 * nts_stubs: the functions of nts.ml. Packets are made and checked by nts/packet.c, whose AEAD algorithm is a function
 * of OCaml's here. Keys and cookies are in memory of the call alone; the state is OCaml's.
 */
#include "stubs.h"

#include <caml/callback.h>
#include <stdatomic.h>
#include <stddef.h>
#include <string.h>

#include "packet.h"

/* --- tokens: taken once, by whoever is first --- */

static atomic_bool *token_of(value v)
{
	return (atomic_bool *)Data_custom_val(v);
}

/* Without functions that would copy, compare or order them. */
static struct custom_operations token_operations = {
	.identifier = "ffntp.token",
	.finalize = custom_finalize_default,
	.compare = custom_compare_default,
	.compare_ext = custom_compare_ext_default,
	.hash = custom_hash_default,
	.serialize = custom_serialize_default,
	.deserialize = custom_deserialize_default,
	.fixed_length = custom_fixed_length_default,
};

value ffntp_ml_nts_token(value unit)
{
	value v = caml_alloc_custom(&token_operations, sizeof(atomic_bool), 0, 1);

	(void)unit;
	atomic_init(token_of(v), false);
	return v;
}

value ffntp_ml_nts_take(value token)
{
	return Val_bool(!atomic_exchange(token_of(token), true));
}

value ffntp_ml_nts_is_taken(value token)
{
	return Val_bool(atomic_load(token_of(token)));
}

value ffntp_ml_nts_is_cookie_size(value size)
{
	return Val_bool(Long_val(size) > 0 && ffntp_nts_is_cookie((size_t)Long_val(size)));
}

/* --- the algorithm --- */

/* The fields are in the order of Nts.aead. */
enum { NUMBER, KEY_SIZE, NONCE_SIZE, SEAL, UNSEAL };

/* One call of packet.c. The algorithm's functions get no more of it than the address of a key, which is in it. */
struct call {
	struct ffntp_nts nts;
	struct ffntp_nts_aead aead;
	value *record, *exception; /* registered with the runtime: an Nts.aead; what a function of it raised, or () */
};

struct text {
	const uint8_t *bytes;
	size_t size;
};

static value copy_text(struct text text)
{
	return caml_alloc_initialized_string(text.size, text.size > 0 ? (const char *)text.bytes : "");
}

/* Apply a function of the algorithm to key, nonce, associated data and text. Returns () if it raised an exception. */
static value apply(const struct call *call, int function, const struct text texts[4])
{
	CAMLparam0();
	CAMLlocalN(arguments, 4);
	value result;

	for (int i = 0; i < 4; i++)
		arguments[i] = copy_text(texts[i]);
	result = caml_callbackN_exn(Field(*call->record, function), 4, arguments);
	if (Is_exception_result(result)) {
		*call->exception = Extract_exception(result);
		result = Val_unit;
	}
	CAMLreturn(result);
}

/* Copy a string that must have this size. */
static bool take_bytes(value string, uint8_t *bytes, size_t size)
{
	if (caml_string_length(string) != size)
		return false;
	memcpy(bytes, String_val(string), size);
	return true;
}

/* A text of the wrong size is one that no server accepts. */
static void seal(const uint8_t *key, const uint8_t *nonce, size_t nonce_size, const uint8_t *associated,
		 size_t associated_size, const uint8_t *plain, size_t size, uint8_t *sealed)
{
	const struct call *call = (const struct call *)(key - offsetof(struct call, nts.request_key));
	const struct text texts[4] = {
		{ key, call->aead.key_size }, { nonce, nonce_size }, { associated, associated_size }, { plain, size }
	};
	value result = apply(call, SEAL, texts);

	memset(sealed, 0, size + FFNTP_NTS_TAG);
	if (Is_block(result))
		(void)take_bytes(result, sealed, size + FFNTP_NTS_TAG);
}

static bool unseal(const uint8_t *key, const uint8_t *nonce, size_t nonce_size, const uint8_t *associated,
		   size_t associated_size, const uint8_t *sealed, size_t size, uint8_t *plain)
{
	const struct call *call = (const struct call *)(key - offsetof(struct call, nts.reply_key));
	const struct text texts[4] = { { key, call->aead.key_size },
				       { nonce, nonce_size },
				       { associated, associated_size },
				       { sealed, size + FFNTP_NTS_TAG } };
	value result = apply(call, UNSEAL, texts);

	return Is_block(result) && take_bytes(Field(result, 0), plain, size);
}

/* record and exception: registered by the caller. nts.ml has checked the sizes. */
static void begin(struct call *call, value *record, value *exception)
{
	*call = (struct call){ .record = record, .exception = exception };
	call->aead = (struct ffntp_nts_aead){
		.number = (uint16_t)Long_val(Field(*record, NUMBER)),
		.key_size = (size_t)Long_val(Field(*record, KEY_SIZE)),
		.nonce_size = (size_t)Long_val(Field(*record, NONCE_SIZE)),
		.seal = seal,
		.open = unseal,
	};
	call->nts.aead = &call->aead;
}

/* Erase the keys from the stack. */
static void end(struct call *call)
{
	volatile uint8_t *bytes = (volatile uint8_t *)call;

	for (size_t i = 0; i < sizeof(*call); i++)
		bytes[i] = 0;
}

/* --- requests --- */

/* cookies: an array of strings, the one to send last. random and packet: of the sizes that nts.ml has checked. */
value ffntp_ml_nts_request(value aead, value key, value cookies, value random, value packet)
{
	CAMLparam5(aead, key, cookies, random, packet);
	CAMLlocal1(exception);
	uint8_t header[FFNTP_REQUEST_SIZE], bits[FFNTP_NTS_RANDOM], request[FFNTP_NTS_REQUEST_MOST];
	struct call call;
	size_t length;

	begin(&call, &aead, &exception);
	memcpy(call.nts.request_key, String_val(key), call.aead.key_size);
	for (size_t i = 0; i < Wosize_val(cookies); i++)
		ffntp_nts_add_cookie(&call.nts, (const uint8_t *)String_val(Field(cookies, i)),
				     caml_string_length(Field(cookies, i)));
	memcpy(header, String_val(packet), sizeof header);
	memcpy(bits, String_val(random), sizeof bits);
	length = ffntp_nts_request(&call.nts, header, sizeof header, bits, request);
	end(&call);
	if (exception != Val_unit)
		caml_raise(exception);
	CAMLreturn(caml_alloc_initialized_string(length, (const char *)request));
}

/* --- replies --- */

/* Return the list of the cookies from 'first' on. */
static value copy_cookies(const struct ffntp_nts *nts, unsigned first)
{
	CAMLparam0();
	CAMLlocal3(head, tail, cell);

	tail = Val_emptylist;
	for (unsigned i = nts->cookies; i-- > first;) {
		head = caml_alloc_initialized_string(nts->cookie[i].size, (const char *)nts->cookie[i].bytes);
		cell = caml_alloc_small(2, Tag_cons);
		Field(cell, 0) = head;
		Field(cell, 1) = tail;
		tail = cell;
	}
	CAMLreturn(tail);
}

/*
 * held: the number of cookies that the state has, at most FFNTP_NTS_COOKIES. Returns Ok with the
 * reply's cookies, or Error with whether the server refused the cookie.
 */
value ffntp_ml_nts_reply(value aead, value key, value identifier, value held, value datagram)
{
	CAMLparam5(aead, key, identifier, held, datagram);
	CAMLlocal2(exception, result);
	/* A Cstruct: its buffer does not move, and its offset and length are always within it. */
	const uint8_t *bytes = (const uint8_t *)Caml_ba_data_val(Field(datagram, 0)) + Long_val(Field(datagram, 1));
	size_t length = (size_t)Long_val(Field(datagram, 2));
	struct call call;

	begin(&call, &aead, &exception);
	memcpy(call.nts.reply_key, String_val(key), call.aead.key_size);
	memcpy(call.nts.identifier, String_val(identifier), FFNTP_NTS_IDENTIFIER);
	call.nts.is_awaiting = true;
	call.nts.cookies = (unsigned)Long_val(held);
	if (ffntp_nts_reply(&call.nts, bytes, length) > 0)
		result = ffntp_ml_block_of(copy_cookies(&call.nts, (unsigned)Long_val(held)));
	else
		result = ffntp_ml_error(call.nts.naks > 0);
	end(&call);
	if (exception != Val_unit)
		caml_raise(exception);
	CAMLreturn(result);
}
