/* rootfield: see rootfield.h. */
#include "rootfield.h"

#include "maths.h"
#include "params.h"

static bool is_known_to_answer(const struct ffntp_rootfield *field)
{
	return field->is_configured || field->is_answered;
}

void ffntp_rootfield_ask(struct ffntp_rootfield *field)
{
	field->is_asked = false;
	if (field->plain > 0)
		field->plain--;
	else if (!field->is_forbidden)
		field->is_asked = is_known_to_answer(field) || field->marked >= FFNTP_ROOT_FIELD_MARKED;
}

void ffntp_rootfield_expired(struct ffntp_rootfield *field)
{
	unsigned most = is_known_to_answer(field) ? FFNTP_ROOT_FIELD_SILENT : 1;

	if (!field->is_asked)
		return;
	field->is_asked = false;
	if (++field->silent < most)
		return;
	field->silent = 0;
	field->plain = FFNTP_ROOT_FIELD_PLAIN;
}

/* chrony sets the last bit of the time of receipt, and clears that of the transmit timestamp. */
static bool has_marks(const struct ffntp_packet *packet)
{
	return (packet->receive.units & 1) == 1 && (packet->transmit.units & 1) == 0;
}

void ffntp_rootfield_replied(struct ffntp_rootfield *field, const struct ffntp_packet *packet,
			     const struct ffntp_wire_root *root)
{
	if (!has_marks(packet))
		field->marked = 0;
	else if (field->marked < FFNTP_ROOT_FIELD_MARKED)
		field->marked++;
	if (!field->is_asked)
		return;
	field->is_asked = false;
	field->silent = 0;
	field->is_answered = root->is_present;
	if (!field->is_answered)
		field->plain = FFNTP_ROOT_FIELD_PLAIN;
}

void ffntp_rootfield_forget(struct ffntp_rootfield *field)
{
	*field = (struct ffntp_rootfield){
		.is_configured = field->is_configured,
		.is_forbidden = field->is_forbidden,
	};
}

struct ffntp_rootfield_clock ffntp_rootfield_clock(const struct ffntp_packet *packet,
						   const struct ffntp_wire_root *root)
{
	return (struct ffntp_rootfield_clock){
		.is_known = root->is_present && root->receive.units != 0,
		.epoch = root->epoch,
		.ahead = root->receive.units - packet->receive.units,
	};
}

bool ffntp_rootfield_has_moved(const struct ffntp_rootfield_clock *before, const struct ffntp_rootfield_clock *after,
			       double least_s)
{
	double moved_s = ffntp_fabs((double)(int64_t)(after->ahead - before->ahead) * 0x1p-32);

	if (!before->is_known || !after->is_known)
		return false;
	return before->epoch != after->epoch || (moved_s >= FFNTP_ROOT_FIELD_MOVED_S && moved_s >= least_s);
}
