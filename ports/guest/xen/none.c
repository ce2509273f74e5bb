/* none: no Xen: this guest is never one of its. */
#include "xen.h"
bool xen_is_here(void)
{
	return false;
}
void xen_init(void)
{
}
void xen_console_write(const char *text)
{
	(void)text;
}
void xen_wait(uint64_t ticks)
{
	(void)ticks;
}
uint64_t xen_counter_hz(void)
{
	return 0;
}
