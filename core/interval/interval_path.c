/* interval_path: floors and levels. */
#include "interval_path.h"

#include "../maths.h"

static void begin(struct ffntp_path *path, double floor, double noise, const struct ffntp_interval_params *params)
{
	*path = (struct ffntp_path){ .levels = 1,
				     .softness2 = ffntp_square(noise * params->soft_start),
				     .precision = path->precision,
				     .seen = 1 };
	ffntp_noise_init(&path->forward, noise);
	ffntp_noise_init(&path->backward, noise);
	/* The sum of two exponentials has mean 2 noise and variance 2 noise^2. */
	path->level[0] = (struct ffntp_level){
		.floor = floor, .spare = 2 * noise, .spare2 = 2 * ffntp_square(noise), .share = 0.5, .seen = 1
	};
}

void ffntp_path_init(struct ffntp_path *path, const struct ffntp_edges *edges,
		     const struct ffntp_interval_params *params)
{
	double rtt = edges->upper - edges->lower;

	begin(path, rtt, ffntp_fmax(rtt * params->noise_guess, params->noise_least_s), params);
}

struct ffntp_excess ffntp_path_excess(const struct ffntp_path *path, const struct ffntp_edges *edges,
				      const struct ffntp_belief *clock)
{
	const struct ffntp_level *level = ffntp_path_level(path);
	double floor = level->floor * (1 - clock->gamma), theta_at_ta = clock->theta - clock->gamma * edges->span;
	struct ffntp_excess excess = {
		.forward = theta_at_ta - edges->lower - (floor + level->asymmetry) / 2,
		.backward = edges->upper - clock->theta - (floor - level->asymmetry) / 2,
		.span = edges->span,
	};

	excess.sum = excess.forward + excess.backward;
	return excess;
}

/* While few exchanges have been seen, next to nothing is known of the shape of
 * the noise: edges are softer then. */
static double softness2(const struct ffntp_path *path, const struct ffntp_interval_params *params)
{
	double noise2 = path->forward.scale * path->backward.scale;

	return path->softness2 + ffntp_path_rounding2(path) +
	       noise2 * ffntp_square(params->soft_young / (double)path->seen) + ffntp_square(params->noise_least_s);
}

struct ffntp_constraint ffntp_path_constraint(const struct ffntp_path *path, const struct ffntp_excess *excess,
					      const struct ffntp_belief *clock,
					      const struct ffntp_interval_params *params)
{
	return (struct ffntp_constraint){
		.low = clock->theta - clock->gamma * excess->span - excess->forward,
		.high = clock->theta + excess->backward,
		.span = excess->span,
		.share = ffntp_path_level(path)->share,
		.forward_rate = ffntp_noise_rate(&path->forward, excess->forward, params),
		.backward_rate = ffntp_noise_rate(&path->backward, excess->backward, params),
		.softness2 = softness2(path, params),
	};
}

bool ffntp_path_has_fallen(const struct ffntp_path *path, const struct ffntp_window *window,
			   const struct ffntp_belief *clock, const struct ffntp_interval_params *params)
{
	double sd = ffntp_sqrt(clock->p22 + softness2(path, params));
	double contradiction = -ffntp_fmin(window->forward, window->backward), rest = contradiction + window->sum;

	return ffntp_path_is_settled(path, params) &&
	       -window->sum > ffntp_fmax(clock->spare, 0) + params->fall_sd * sd &&
	       rest < ffntp_fmax(contradiction / 2, params->fall_noise * ffntp_path_noise(path));
}

void ffntp_window_add(struct ffntp_window *window, const struct ffntp_excess *excess)
{
	if (window->count++ == 0) {
		window->forward = excess->forward;
		window->backward = excess->backward;
		window->sum = window->total = excess->sum;
		return;
	}
	window->forward = ffntp_fmin(window->forward, excess->forward);
	window->backward = ffntp_fmin(window->backward, excess->backward);
	window->sum = ffntp_fmin(window->sum, excess->sum);
	window->total += excess->sum;
}

static struct ffntp_window joined(const struct ffntp_window *a, const struct ffntp_window *b)
{
	return (struct ffntp_window){
		.forward = ffntp_fmin(a->forward, b->forward),
		.backward = ffntp_fmin(a->backward, b->backward),
		.sum = ffntp_fmin(a->sum, b->sum),
		.total = a->total + b->total,
		.count = a->count + b->count,
	};
}

/* How much the window's exchanges vary: their mean above their least. */
static double spread(const struct ffntp_window *window)
{
	return window->total / window->count - window->sum;
}

/* A burst is as wide as it is high; another way is as narrow as the old one. */
static bool is_burst(const struct ffntp_path *path, const struct ffntp_window *window,
		     const struct ffntp_interval_params *params)
{
	return spread(window) > params->run_spread * ffntp_path_noise(path);
}

/*
 * The best of each direction belong to different exchanges by far: to different ways, one shorter forth and one back. A
 * clock that drifts meanwhile makes them look so, too.
 */
static bool is_mixed(const struct ffntp_path *path, const struct ffntp_window *window, const struct ffntp_belief *clock,
		     const struct ffntp_interval_params *params)
{
	return window->sum - window->forward - window->backward >
	       params->run_mixed * ffntp_path_noise(path) + params->recall_sd * ffntp_sqrt(clock->p00);
}

static void put_at(struct ffntp_path *path, uint32_t level)
{
	path->present = level;
	path->level[level].used = path->seen;
	path->run_length = path->run.count = path->half[0].count = path->half[1].count = 0;
}

/* Whether least excesses are what a level's floors leave: not below them by
 * more than 'below', not above by more than that and noise. */
static bool is_near(double excess, double below, double noise)
{
	return excess >= -below && excess <= noise + below;
}

static bool fits(const struct ffntp_level *from, const struct ffntp_level *to, const struct ffntp_window *window,
		 const struct ffntp_belief *clock, double noise, const struct ffntp_interval_params *params)
{
	double up = to->floor - from->floor, tilt = to->asymmetry - from->asymmetry;
	double firm = ffntp_fmax(to->spare, 0) + params->fall_sd * ffntp_sqrt(to->spare2);
	double soft = firm + params->recall_sd * ffntp_sqrt(clock->p00 + (from->asymmetry2 + to->asymmetry2) / 4);

	return is_near(window->sum - up, firm, noise) && is_near(window->forward - (up + tilt) / 2, soft, noise) &&
	       is_near(window->backward - (up - tilt) / 2, soft, noise);
}

bool ffntp_path_recall(struct ffntp_path *path, const struct ffntp_window *window, const struct ffntp_belief *clock,
		       const struct ffntp_interval_params *params)
{
	const struct ffntp_level *from = ffntp_path_level(path);
	double noise = params->recall_noise * ffntp_path_noise(path) / ffntp_sqrt(window->count);
	double nearest = 0;
	uint32_t found = path->present;

	for (uint32_t i = 0; i < path->levels; i++) {
		double distance = ffntp_square(window->sum - (path->level[i].floor - from->floor));

		if (i == path->present || !fits(from, &path->level[i], window, clock, noise, params))
			continue;
		if (found == path->present || distance < nearest) {
			nearest = distance;
			found = i;
		}
	}
	if (found == path->present)
		return false;
	put_at(path, found);
	return true;
}

/* How a change of the round trip is divided between its directions. */
struct division {
	double asymmetry, variance; /* of the forward change less the backward one:
				       mean and variance */
	double share;               /* probability that the change is in the forward direction; half
				       of it if in both */
};

static double bell(double x)
{
	return ffntp_exp(-x * x / 2);
}

/*
 * change: of both together; difference: forward less backward, as the clock
 * sees it with standard deviation sd. Routes change in one direction, or in
 * both alike, or anyhow: the first three are known better than the clock can
 * see them.
 */
static struct division divide(double change, double difference, double sd, const struct ffntp_interval_params *params)
{
	double size = change < 0 ? -change : change;
	double forward = bell((difference - change) / sd), backward = bell((difference + change) / sd);
	double both = bell(difference / sd), any = params->divide_any * sd / (sd + size);
	double sum = forward + backward + both + any;
	double mean = (change * (forward - backward) + difference * any) / sum;
	double mean_square =
		(ffntp_square(change) * (forward + backward) + (ffntp_square(difference) + ffntp_square(sd)) * any) /
		sum;

	return (struct division){ mean, ffntp_fmax(mean_square - ffntp_square(mean), 0),
				  (forward + (both + any) / 2) / sum };
}

/* The level that the window shows; the least of n exponentials of mean m has
 * mean and standard deviation m / n. */
static struct ffntp_level level_of(const struct ffntp_path *path, const struct ffntp_window *window,
				   const struct ffntp_belief *clock, const struct ffntp_interval_params *params)
{
	const struct ffntp_level *from = ffntp_path_level(path);
	uint32_t n = window->count;
	double noise_f = path->forward.scale / n, noise_b = path->backward.scale / n;
	double forward = window->forward - noise_f + from->share * clock->spare;
	double backward = window->backward - noise_b + (1 - from->share) * clock->spare;
	double noise2 = ffntp_square(noise_f) + ffntp_square(noise_b), sd = ffntp_sqrt(4 * clock->p00 + noise2);
	struct division division = divide(forward + backward, forward - backward, sd, params);
	double spare = window->sum - (forward + backward - clock->spare);

	return (struct ffntp_level){
		.floor = from->floor + window->sum / (1 - clock->gamma),
		.asymmetry = from->asymmetry - (2 * from->share - 1) * clock->spare + division.asymmetry +
			     (2 * division.share - 1) * spare,
		.asymmetry2 = from->asymmetry2 + division.variance,
		.spare = spare,
		.spare2 = noise2,
		.share = division.share,
		.seen = n,
	};
}

bool ffntp_path_was_congested(const struct ffntp_path *path, const struct ffntp_window *window,
			      const struct ffntp_interval_params *params)
{
	double floor = ffntp_path_level(path)->floor + window->sum;

	for (uint32_t i = 0; i < path->levels; i++)
		if (path->level[i].floor < floor)
			return false;
	return spread(window) < params->quieter * ffntp_path_noise(path);
}

void ffntp_path_begin_anew(struct ffntp_path *path, const struct ffntp_window *window, const struct ffntp_belief *clock,
			   const struct ffntp_interval_params *params)
{
	double floor = ffntp_path_level(path)->floor + window->sum / (1 - clock->gamma);

	begin(path, floor, ffntp_fmax(spread(window), params->noise_least_s), params);
}

/* A free place, or that of the level that was used least recently. */
static uint32_t place(struct ffntp_path *path)
{
	uint32_t oldest = path->present == 0;

	if (path->levels < FFNTP_PATH_LEVELS)
		return path->levels++;
	for (uint32_t i = 0; i < FFNTP_PATH_LEVELS; i++)
		if (i != path->present && path->level[i].used < path->level[oldest].used)
			oldest = i;
	return oldest;
}

void ffntp_path_adopt(struct ffntp_path *path, const struct ffntp_window *window, const struct ffntp_belief *clock,
		      const struct ffntp_interval_params *params)
{
	struct ffntp_level level = level_of(path, window, clock, params);
	uint32_t where = place(path);

	path->level[where] = level;
	put_at(path, where);
}

/*
 * Waiting for more exchanges makes the noise of a new level smaller, and a clock that coasts worse: enough is when the
 * clock is the worse of the two. A window that began within a run has to be three times as long: it is one of many.
 */
static bool is_enough(const struct ffntp_path *path, const struct ffntp_belief *clock,
		      const struct ffntp_interval_params *params)
{
	const struct ffntp_window *run = &path->run;

	if (path->run_length > run->count)
		return run->count >= 3 * params->run_short;
	return run->count >= params->run_short ||
	       (run->count >= params->run_least && ffntp_square(ffntp_path_noise(path) / run->count) < clock->p00);
}

/* What all of a short run must exceed the floor by, and all of a long one, so that it is not chance. */
static double run_height(const struct ffntp_path *path, const struct ffntp_interval_params *params)
{
	return ffntp_fmax(params->run_noise * ffntp_path_noise(path),
			  params->run_tail * (path->forward.tail + path->backward.tail));
}

static double window_height(const struct ffntp_path *path, const struct ffntp_belief *clock,
			    const struct ffntp_interval_params *params)
{
	return params->window_noise * ffntp_path_noise(path) + params->fall_sd * ffntp_sqrt(clock->p22);
}

/* What varies that much is a burst, or exchanges of two ways: it may be only the first of them, so the window begins
 * anew. */
static bool is_steady(struct ffntp_path *path, const struct ffntp_excess *excess, const struct ffntp_belief *clock,
		      const struct ffntp_interval_params *params)
{
	bool is_mixture = is_mixed(path, &path->run, clock, params);

	if (!is_mixture && !is_burst(path, &path->run, params))
		return true;
	path->run.count = 0;
	ffntp_window_add(&path->run, excess);
	if (is_mixture)
		path->run_length = 1;
	return false;
}

/* Everything lately was far above the floor. */
static bool run_has_risen(struct ffntp_path *path, const struct ffntp_excess *excess, const struct ffntp_belief *clock,
			  const struct ffntp_interval_params *params)
{
	struct ffntp_window *run = &path->run;

	if (excess->sum <= run_height(path, params)) {
		path->run_length = run->count = 0;
		return false;
	}
	path->run_length++;
	ffntp_window_add(run, excess);
	if (run->count >= params->run_recall && ffntp_path_recall(path, run, clock, params))
		return true;
	if (!is_enough(path, clock, params) || !is_steady(path, excess, clock, params))
		return false;
	ffntp_path_adopt(path, run, clock, params);
	return true;
}

/* Nothing lately was near the floor. */
static bool window_has_risen(struct ffntp_path *path, const struct ffntp_excess *excess,
			     const struct ffntp_belief *clock, const struct ffntp_interval_params *params)
{
	struct ffntp_window window;

	if (path->half[1].count >= params->window / 2) {
		path->half[0] = path->half[1];
		path->half[1].count = 0;
	}
	ffntp_window_add(&path->half[1], excess);
	if (path->half[0].count + path->half[1].count < params->window)
		return false;
	window = joined(&path->half[0], &path->half[1]);
	if (window.sum < window_height(path, clock, params) || is_burst(path, &window, params))
		return false;
	if (!ffntp_path_recall(path, &window, clock, params))
		ffntp_path_adopt(path, &window, clock, params);
	return true;
}

bool ffntp_path_has_moved(struct ffntp_path *path, const struct ffntp_window *window, const struct ffntp_belief *clock,
			  const struct ffntp_interval_params *params)
{
	bool is_run = window->count >= params->run_short && window->sum > run_height(path, params);
	bool is_window = window->count >= params->window && window->sum > window_height(path, clock, params);

	if (window->count >= params->run_recall && ffntp_path_recall(path, window, clock, params))
		return true;
	if (!(is_run || is_window) || is_burst(path, window, params) || is_mixed(path, window, clock, params))
		return false;
	ffntp_path_adopt(path, window, clock, params);
	return true;
}

bool ffntp_path_has_risen(struct ffntp_path *path, const struct ffntp_excess *excess, const struct ffntp_belief *clock,
			  const struct ffntp_interval_params *params)
{
	return ffntp_path_is_settled(path, params) &&
	       (run_has_risen(path, excess, clock, params) || window_has_risen(path, excess, clock, params));
}

void ffntp_path_lower(struct ffntp_path *path, struct ffntp_excess *excess, const struct ffntp_belief *clock)
{
	struct ffntp_level *level = &path->level[path->present];

	level->floor += excess->sum / (1 - clock->gamma);
	level->asymmetry += excess->sum * (2 * level->share - 1);
	excess->forward -= excess->sum * level->share;
	excess->backward -= excess->sum * (1 - level->share);
	excess->sum = 0;
}

/*
 * The sum x of two exponentials of mean m has density x / m^2 near 0, so the
 * least of n is Rayleigh's with scale m / sqrt(n): mean 1.2533 and variance
 * 0.4292 in its units.
 */
void ffntp_path_forget_spare(struct ffntp_path *path)
{
	struct ffntp_level *level = &path->level[path->present];
	double scale2 = path->forward.scale * path->backward.scale / (double)level->seen;

	level->spare = 1.2533 * ffntp_sqrt(scale2);
	level->spare2 = 0.4292 * scale2;
}

void ffntp_path_scale(struct ffntp_path *path, double ratio)
{
	for (uint32_t i = 0; i < path->levels; i++)
		path->level[i].floor *= ratio;
}

void ffntp_path_learn(struct ffntp_path *path, const struct ffntp_excess *excess, double softness_gain,
		      const struct ffntp_belief *clock, const struct ffntp_interval_params *params)
{
	struct ffntp_level *level = &path->level[path->present];
	double step = ffntp_fmin(ffntp_fmax(params->soft_gain * softness_gain, -0.5), 0.5), noise2;

	path->seen++;
	level->seen++;
	level->used = path->seen;
	level->spare = clock->spare;
	level->spare2 = clock->p22;
	ffntp_noise_learn(&path->forward, excess->forward, params);
	ffntp_noise_learn(&path->backward, excess->backward, params);
	noise2 = path->forward.scale * path->backward.scale;
	path->softness2 =
		ffntp_fmin(ffntp_fmax(path->softness2 * (1 + step), noise2 * ffntp_square(params->soft_least)),
			   noise2 * ffntp_square(params->soft_most));
}

bool ffntp_path_is_doubtful(const struct ffntp_path *path, const struct ffntp_interval_params *params)
{
	return path->run_length >= params->run_doubt && path->run_length < params->run_short;
}
