/* os: as much of Mini-OS's interface as ports/minios calls, declared here; the other headers take from it. */
#ifndef FAKE_MINIOS_OS_H
#define FAKE_MINIOS_OS_H

#include <stdint.h>

#define XBT_NIL ((xenbus_transaction_t)0)

typedef unsigned long xenbus_transaction_t;
struct netfront_dev;
struct thread;

extern char cmdline[1024];

/* NULL, or why not. */
char *xenbus_write(xenbus_transaction_t transaction, const char *path, const char *value);
void printk(const char *format, ...);
uint64_t monotonic_clock(void);
void msleep(uint32_t milliseconds);
struct thread *create_thread(char *name, void (*function)(void *), void *data);
struct netfront_dev *init_netfront(char *node, void (*receive)(unsigned char *data, int length), unsigned char mac[6],
				   char **address);
void netfront_xmit(struct netfront_dev *device, unsigned char *data, int length);
int app_main(void *unused);

#endif
