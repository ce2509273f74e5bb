/* machine: see machine.h. The parts that all machines have in common. */
#include "machine.h"

static void print(const char *first, const char *second)
{
	machine_print("ffntp: ");
	machine_print(first);
	machine_print(second);
	machine_print("\r\n");
}

void machine_print_line(const char *words)
{
	print(words, "");
}

_Noreturn void machine_stop(const char *why)
{
	print("stopped: ", why);
	machine_halt();
}
