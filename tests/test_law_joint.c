/* law_joint: the joint clock, and exchanges of one path that it takes late, as interleaved mode makes them. */
#define ESTIMATOR_OPS ffntp_law_ops

#include "stamptest.h"

#include "../core/law/law_joint.h"

/* A joint clock that began from a path two hours old, and that path's frame. */
struct fixture {
	struct stampworld world;
	struct stampclock path;
	struct ffntp_law_joint joint;
	struct ffntp_law_frame frame;
};

static struct fixture begin(uint64_t seed)
{
	struct fixture f = { .world = stampworld_new(seed), .path = new_clock() };

	f.world.wander = 1e-9;
	(void)stampclock_run(&f.path, &f.world, 16, 7200);
	assert_true(ffntp_law_joint_can_use(f.path.state));
	ffntp_law_joint_begin(&f.joint, &f.frame, f.path.state);
	return f;
}

static struct ffntp_stamp exchange(struct fixture *f)
{
	struct ffntp_stamp stamp = stampworld_exchange(&f->world);

	assert_int_equal(f->path.ops->add(f->path.state, &stamp, &f->path.estimate), FFNTP_ACCEPTED);
	return stamp;
}

static void take(struct ffntp_law_joint *joint, const struct fixture *f, const struct ffntp_stamp *stamp)
{
	ffntp_law_joint_pass(joint, stamp->tf);
	ffntp_law_joint_add(joint, &f->frame, f->path.state, stamp);
}

static struct ffntp_estimate estimate_of(const struct ffntp_law_joint *joint)
{
	struct ffntp_estimate estimate = { 0 };

	ffntp_law_joint_estimate(joint, 0, 0, &estimate);
	return estimate;
}

static void assert_alike(double a, double b, double most)
{
	if (!(fabs(a - b) <= most))
		print_error("%.17g and %.17g\n", a, b);
	assert_true(fabs(a - b) <= most);
}

/* It makes no difference whether the clock takes an exchange at its end or, if there was no other since, later. */
static void test_a_late_exchange_counts_as_if_it_had_come_in_time(void **state)
{
	static const double late_s[] = { 1e-3, 2, 64, 1024, 20000 };

	(void)state;
	for (size_t i = 0; i < sizeof late_s / sizeof *late_s; i++) {
		struct fixture f = begin(30 + i);
		struct ffntp_law_joint in_time = f.joint, late = f.joint;
		struct ffntp_estimate a, b;
		struct ffntp_stamp stamp;
		ffntp_counter then;

		stampworld_wait(&f.world, 256);
		stamp = exchange(&f);
		then = stamp.tf + (ffntp_counter)(late_s[i] * 1e9);
		take(&in_time, &f, &stamp);
		ffntp_law_joint_pass(&in_time, then);
		ffntp_law_joint_pass(&late, then);
		take(&late, &f, &stamp);
		a = estimate_of(&in_time);
		b = estimate_of(&late);
		assert_true(a.at == then && b.at == then);
		assert_alike(b.esterror_s, a.esterror_s, 1e-6 * a.esterror_s);
		assert_alike(b.period_esterror, a.period_esterror, 1e-6 * a.period_esterror);
		assert_alike(b.covariance_s, a.covariance_s, 1e-6 * a.covariance_s);
		assert_alike(b.period_s, a.period_s, 1e-6 * a.period_esterror * a.period_s);
		assert_alike(ffntp_ntp_diff_s(b.reference, a.reference) + b.correction_s, a.correction_s,
			     1e-3 * a.esterror_s);
		stampclock_free(&f.path);
	}
}

/* After many exchanges the clock knows the time better than its wander lets an old one show it. */
static void test_an_exchange_that_is_outdated_changes_nothing(void **state)
{
	struct fixture f = begin(40);
	struct ffntp_estimate before, after;
	struct ffntp_stamp old;

	(void)state;
	stampworld_wait(&f.world, 16);
	old = exchange(&f);
	for (int i = 0; i < 256; i++) {
		struct ffntp_stamp stamp;

		stampworld_wait(&f.world, 16);
		stamp = exchange(&f);
		take(&f.joint, &f, &stamp);
	}
	before = estimate_of(&f.joint);
	take(&f.joint, &f, &old);
	after = estimate_of(&f.joint);
	assert_memory_equal(&before, &after, sizeof before);
	stampclock_free(&f.path);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_late_exchange_counts_as_if_it_had_come_in_time),
		cmocka_unit_test(test_an_exchange_that_is_outdated_changes_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
