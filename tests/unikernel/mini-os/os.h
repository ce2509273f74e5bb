/* os: as much of Mini-OS's interface as ports/minios calls, declared here; the other headers take from it. */
#ifndef FAKE_MINIOS_OS_H
#define FAKE_MINIOS_OS_H

#include <stdint.h>

#define local_irq_save(flags) ((flags) = fake_minios_hold())
#define local_irq_restore(flags) fake_minios_let(flags)

struct netfront_dev;
struct thread;

extern char cmdline[1024];

unsigned long fake_minios_hold(void);
void fake_minios_let(unsigned long flags);

void printk(const char *format, ...);
uint64_t monotonic_clock(void);
void msleep(uint32_t milliseconds);
struct thread *create_thread(char *name, void (*function)(void *), void *data);
struct netfront_dev *init_netfront(char *node, void (*receive)(unsigned char *data, int length), unsigned char mac[6],
				   char **address);
void netfront_xmit(struct netfront_dev *device, unsigned char *data, int length);
int app_main(void *unused);

#endif
