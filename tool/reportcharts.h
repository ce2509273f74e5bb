/* reportcharts: the charts of 'ffntp report' as JSON, which tool/report/page.js draws. */
#ifndef FFNTP_TOOL_REPORTCHARTS_H
#define FFNTP_TOOL_REPORTCHARTS_H

#include <jansson.h>

#include "reportdata.h"

/* Most servers that the charts show: those with the most accepted replies. */
#define REPORT_SERVERS_SHOWN 12

/*
 * Return the charts: an array of objects.
 *   id, title, caption: texts.
 *   half: whether two charts stand side by side.
 *   x, y: axes; kind "time" (s since base), "linear", "log" or "rows", title with the unit, and perhaps min and max;
 *         rows have labels.
 *   series: label; kind "points", "line", "steps", "band" or "bars"; colour: a number, or the name of a state;
 *           data: pairs [x, y], null in place of y for a gap; bars [from, to, row]; a band has low and high instead.
 * Returns NULL if memory is short.
 */
json_t *report_charts(const struct report_data *data);

#endif
