/* control: see ../control.h. */
#include "../control.h"

#include <xen/xen.h>
#include <xen/sched.h>

#include "../../memory.h"
#include "../../words.h"
#include "../machine.h"
#include "resume.h"
#include "xen.h"
#include "xenstore.h"

#define FOLDER "control"

static bool is_here;

void control_begin(void)
{
	is_here = xen_is_here();
	if (is_here)
		xenstore_watch(XENSTORE_CONTROL, FOLDER "/shutdown");
}

static bool is_word(const char *text, const char *word)
{
	return word_is((struct word){ text, strlen(text) }, word);
}

bool control_look(void)
{
	char wish[16];

	if (!is_here || !xenstore_has_changed(XENSTORE_CONTROL) ||
	    xenstore_read(FOLDER, "shutdown", wish, sizeof wish) != XENSTORE_FOUND || wish[0] == 0)
		return false;
	(void)xenstore_write(FOLDER, "shutdown", ""); /* acknowledge the request */
	if (is_word(wish, "poweroff") || is_word(wish, "halt")) {
		machine_print_line("powering off, as requested");
		xen_shutdown(SHUTDOWN_poweroff);
	} else if (is_word(wish, "reboot")) {
		machine_print_line("rebooting, as requested");
		xen_shutdown(SHUTDOWN_reboot);
	}
	if (!is_word(wish, "suspend"))
		return false;
	machine_print_line("to be saved, as requested");
	return true;
}

uint64_t control_save(void)
{
	bool is_new;

	peer_leave();
	xen_shutdown(SHUTDOWN_suspend);
	is_new = xen_resume();
	if (is_new) {
		netfront_resume();
		share_resume();
	}
	xenstore_resume(is_new);
	machine_print_line(is_new ? "restored" : "not saved, or saved and continuing");
	return xen_counter_hz();
}
