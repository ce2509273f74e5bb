#include "thread.h"

#include <signal.h>

int ffntp_thread_start(pthread_t *thread, void *(*run)(void *), void *argument)
{
	sigset_t all, former;
	int error;

	sigfillset(&all);
	sigdelset(&all, SIGSYS);
	pthread_sigmask(SIG_SETMASK, &all, &former);
	error = pthread_create(thread, NULL, run, argument);
	pthread_sigmask(SIG_SETMASK, &former, NULL);
	return error;
}
