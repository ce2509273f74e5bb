/* machine: see machine.h. The parts that all machines have in common. */
#include "machine.h"

static void say(const char *first, const char *second)
{
	machine_print("ffntp: ");
	machine_print(first);
	machine_print(second);
	machine_print("\r\n");
}

void machine_say(const char *words)
{
	say(words, "");
}

_Noreturn void machine_stop(const char *why)
{
	say("stopped: ", why);
	machine_halt();
}
