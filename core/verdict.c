/* verdict: see ffntp/verdict.h. */
#include "../include/ffntp/verdict.h"

const char *ffntp_verdict_name(enum ffntp_verdict verdict)
{
	switch (verdict) {
	case FFNTP_ACCEPTED:
		return "accepted";
	case FFNTP_REFUSED_LENGTH:
		return "length";
	case FFNTP_REFUSED_VERSION:
		return "version";
	case FFNTP_REFUSED_MODE:
		return "mode";
	case FFNTP_REFUSED_ORIGIN:
		return "bogus-origin";
	case FFNTP_REFUSED_DUPLICATE:
		return "duplicate";
	case FFNTP_REFUSED_LATE:
		return "late";
	case FFNTP_REFUSED_KISS_RATE:
		return "kiss-rate";
	case FFNTP_REFUSED_KISS_DENY:
		return "kiss-deny";
	case FFNTP_REFUSED_KISS_OTHER:
		return "kiss-other";
	case FFNTP_REFUSED_UNSYNCHRONISED:
		return "unsynchronised";
	case FFNTP_REFUSED_TIMESTAMPS:
		return "timestamps";
	case FFNTP_REFUSED_ROOT_DISTANCE:
		return "root-distance";
	case FFNTP_REFUSED_RESIDENCE:
		return "residence";
	case FFNTP_REFUSED_COUNTER:
		return "counter";
	case FFNTP_REFUSED_CONTRADICTION:
		return "contradiction";
	case FFNTP_REFUSED_LEAP:
		return "leap-second";
	case FFNTP_REFUSED_SMEAR:
		return "smear";
	case FFNTP_REFUSED_AUTHENTICATION:
		return "authentication";
	case FFNTP_VERDICTS:
		break;
	}
	return "unknown";
}
