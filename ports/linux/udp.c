#include "udp.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/errqueue.h>
#include <linux/net_tstamp.h>
#include <poll.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* Timestamps in CLOCK_REALTIME of departures and arrivals; those of departures without a copy of the packet. */
#define STAMPING_FLAGS                                                                             \
	(SOF_TIMESTAMPING_TX_SOFTWARE | SOF_TIMESTAMPING_RX_SOFTWARE | SOF_TIMESTAMPING_SOFTWARE | \
	 SOF_TIMESTAMPING_OPT_ID | SOF_TIMESTAMPING_OPT_TSONLY | SOF_TIMESTAMPING_OPT_CMSG)

/* The error queue has one timestamp per request; further entries are not ours. */
#define ERROR_QUEUE_READS 8

void ffntp_udp_init(struct ffntp_udp *udp)
{
	*udp = (struct ffntp_udp){ .descriptor = -1 };
}

void ffntp_udp_close(struct ffntp_udp *udp)
{
	if (udp->descriptor >= 0)
		close(udp->descriptor);
	udp->descriptor = -1;
}

/* The flags are set one by one, because some systems do not accept them in the socket's type. */
static int open_socket(int family)
{
	int descriptor = socket(family, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (descriptor >= 0 || errno != EINVAL)
		return descriptor;
	descriptor = socket(family, SOCK_DGRAM, 0);
	if (descriptor < 0)
		return -1;
	(void)fcntl(descriptor, F_SETFD, FD_CLOEXEC);
	(void)fcntl(descriptor, F_SETFL, O_NONBLOCK);
	return descriptor;
}

static bool ask_for_stamps(int descriptor)
{
	const int flags = STAMPING_FLAGS;

	return setsockopt(descriptor, SOL_SOCKET, SO_TIMESTAMPING, &flags, sizeof(flags)) == 0;
}

int ffntp_udp_open(struct ffntp_udp *udp, const struct ffntp_address *address)
{
	int error;

	ffntp_udp_close(udp);
	/* The cross-timestamps are kept, because the next exchange needs them. */
	*udp = (struct ffntp_udp){ .descriptor = open_socket(address->any.sa_family), .stamping = udp->stamping };
	if (udp->descriptor < 0)
		return errno;
	udp->is_stamped_by_kernel = ask_for_stamps(udp->descriptor);
	if (connect(udp->descriptor, &address->any, ffntp_address_length(address)) == 0)
		return 0;
	error = errno;
	ffntp_udp_close(udp);
	return error;
}

ffntp_counter ffntp_udp_prepare(struct ffntp_udp *udp, const struct ffntp_counter_source *source)
{
	const struct ffntp_stamping former = udp->stamping;

	udp->stamping = (struct ffntp_stamping){
		.earlier = former.after.realtime_ns != 0 ? former.after : former.before,
		.before = ffntp_bracket_take(source),
	};
	udp->stamping.own_ta = ffntp_counter_read(source);
	return udp->stamping.own_ta;
}

/* The first of the three is the software timestamp; zero if there is none. */
static bool stamp_from(const struct cmsghdr *control, int64_t *ns)
{
	struct scm_timestamping stamps;

	if (control->cmsg_len < CMSG_LEN(sizeof(stamps)))
		return false;
	memcpy(&stamps, CMSG_DATA(control), sizeof(stamps));
	*ns = (int64_t)stamps.ts[0].tv_sec * FFNTP_NS_PER_S + stamps.ts[0].tv_nsec;
	return *ns != 0;
}

static bool find_stamp(struct msghdr *message, int64_t *ns)
{
	for (struct cmsghdr *control = CMSG_FIRSTHDR(message); control != NULL;
	     control = CMSG_NXTHDR(message, control)) {
		if (control->cmsg_level == SOL_SOCKET && control->cmsg_type == SCM_TIMESTAMPING)
			return stamp_from(control, ns);
	}
	return false;
}

/* Room for the timestamps, and for the extended error with its address. */
union control_buffer {
	struct cmsghdr align;
	char bytes[CMSG_SPACE(sizeof(struct scm_timestamping)) +
		   CMSG_SPACE(sizeof(struct sock_extended_err) + sizeof(struct sockaddr_in6)) + 64];
};

static ssize_t receive_message(int descriptor, int flags, uint8_t *bytes, size_t size, struct msghdr *message,
			       union control_buffer *control)
{
	struct iovec vector = { .iov_base = bytes, .iov_len = size };
	ssize_t length;

	*message = (struct msghdr){
		.msg_iov = &vector, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof(*control)
	};
	do
		length = recvmsg(descriptor, message, flags);
	while (length < 0 && errno == EINTR);
	message->msg_iov = NULL;
	return length;
}

/*
 * Read the kernel's timestamp of the departure. It is there when send() returns, or soon after if there is a queue
 * before the link. The socket sends one request, so the first timestamp is the right one.
 */
static void take_departure(struct ffntp_udp *udp)
{
	union control_buffer control;
	struct msghdr message;
	uint8_t bytes[FFNTP_UDP_SIZE];

	for (int i = 0; i < ERROR_QUEUE_READS && udp->is_stamped_by_kernel && !udp->stamping.has_tx; i++) {
		if (receive_message(udp->descriptor, MSG_ERRQUEUE, bytes, sizeof(bytes), &message, &control) < 0)
			return;
		udp->stamping.has_tx = find_stamp(&message, &udp->stamping.tx_ns);
	}
}

int ffntp_udp_send(struct ffntp_udp *udp, const uint8_t *bytes, size_t length)
{
	ssize_t sent;

	do
		sent = send(udp->descriptor, bytes, length, 0);
	while (sent < 0 && errno == EINTR);
	if (sent < 0)
		return errno;
	take_departure(udp);
	return 0;
}

enum ffntp_udp_arrival ffntp_udp_receive(struct ffntp_udp *udp, const struct ffntp_counter_source *source, int events,
					 ffntp_counter woke, uint8_t bytes[FFNTP_UDP_SIZE], size_t *length, int *error)
{
	union control_buffer control;
	struct msghdr message;
	ssize_t got;

	if (events & POLLERR)
		take_departure(udp);
	got = receive_message(udp->descriptor, 0, bytes, FFNTP_UDP_SIZE, &message, &control);
	if (got < 0) {
		*error = errno;
		return errno == EAGAIN || errno == EWOULDBLOCK ? FFNTP_UDP_NOTHING : FFNTP_UDP_ERROR;
	}
	/*
	 * A datagram that poll() did not report may have come after it. A reading that is too late is safe, one that is
	 * too early is not.
	 */
	udp->stamping.own_tf = events & POLLIN ? woke : ffntp_counter_read(source);
	udp->stamping.has_rx = find_stamp(&message, &udp->stamping.rx_ns);
	udp->stamping.after = ffntp_bracket_take(source);
	*length = message.msg_flags & MSG_TRUNC ? 0 : (size_t)got;
	return FFNTP_UDP_DATAGRAM;
}

int ffntp_udp_keep_stamping(void)
{
	int descriptor = open_socket(AF_INET);

	if (descriptor >= 0)
		(void)ask_for_stamps(descriptor);
	return descriptor;
}

bool ffntp_udp_has_route(const struct ffntp_address *address)
{
	int descriptor = open_socket(address->any.sa_family);
	bool has_route = descriptor >= 0 && connect(descriptor, &address->any, ffntp_address_length(address)) == 0;

	if (descriptor >= 0)
		close(descriptor);
	return has_route;
}
