/* netfront: there is none. */
#include "../card.h"
const char *netfront_begin(struct card *card)
{
	(void)card;
	return "no";
}
