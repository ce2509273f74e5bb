/*
 * Draws the charts of the page from the JSON in it, with Chart.js 3 or 4. ffntp has computed all numbers; this script
 * has only axes, colours and legends. Texts of the data go to canvases and to textContent, never to HTML.
 */
(function () {
'use strict';

const began = performance.now();
const root = document.documentElement;
const data = JSON.parse(document.getElementById('data').textContent);
const COLOURS = 8;
const MARKS = ['circle', 'triangle', 'rect', 'rectRot', 'crossRot', 'star', 'rectRounded', 'cross'];
const STATES = {
	'synchronised': 'good', 'free-running': 'doubt', 'disrupted': 'bad', 'initialising': 'none', 'unknown': 'none',
	'followed': 'good', 'combined': 'fair', 'spare': 'spare', 'falseticker': 'bad', 'astray': 'doubt',
	'no-majority': 'doubt', 'no time': 'none',
};
const STEPS_S = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10800, 21600, 43200, 86400, 2 * 86400,
	7 * 86400, 14 * 86400, 28 * 86400, 91 * 86400, 364 * 86400];
let charts = [];

window.addEventListener('error', (event) => { root.dataset.error = event.message; });
window.addEventListener('securitypolicyviolation', (event) => { root.dataset.error = event.violatedDirective; });

function colour(name) {
	const variable = typeof name === 'number' ? 'colour-' + name % COLOURS : STATES[name] || name;
	return getComputedStyle(root).getPropertyValue('--' + variable).trim();
}

/* --- texts of axes --- */

function utc(t) {
	return new Date((data.base_s + t) * 1000).toISOString();
}

function timeLabel(t, step, isFirst) {
	const text = utc(t), date = text.slice(0, 10);
	if (step >= 86400)
		return date;
	const time = text.slice(11, step < 60 ? 19 : 16);
	return isFirst || time.startsWith('00:00') && !text.slice(16, 19).replace(/[:0]/g, '') ? [time, date] : [time, ''];
}

function setTimeTicks(scale) {
	const room = Math.max(2, Math.floor(scale.chart.width / 95));
	const step = STEPS_S.find((each) => (scale.max - scale.min) / each <= room) || STEPS_S[STEPS_S.length - 1];
	const ticks = [];
	for (let t = Math.ceil((data.base_s + scale.min) / step) * step - data.base_s; t <= scale.max; t += step)
		ticks.push({ value: t });
	scale.ticks = ticks;
	scale.stepOfTime = step;
}

function superscript(number) {
	return String(number).replace(/[-0-9]/g, (c) => '\u207b\u2070\u00b9\u00b2\u00b3\u2074\u2075\u2076\u2077\u2078\u2079'['-0123456789'.indexOf(c)]);
}

function powerLabel(value, decades) {
	const power = Math.round(Math.log10(value)), lead = value / Math.pow(10, power);
	const isPower = Math.abs(lead - 1) < 1e-6;
	const isRound = decades <= 1.5 || decades <= 3 && [2, 5, 0.2, 0.5].some((each) => Math.abs(lead / each - 1) < 1e-6);
	if (!isPower && !isRound)
		return '';
	if (Math.abs(power) <= 4)
		return String(Number(value.toPrecision(3)));
	return isPower ? '10' + superscript(power) : value.toExponential(0);
}

/* --- axes --- */

function titleOf(axis) {
	return { display: axis.title !== '', text: axis.title, color: colour('text') };
}

function timeAxis(axis) {
	return {
		type: 'linear', min: axis.min, max: Math.max(axis.max, axis.min + 1), title: titleOf(axis),
		afterBuildTicks: setTimeTicks, grid: { color: colour('line') },
		ticks: { color: colour('faint'), maxRotation: 0, autoSkip: false,
			callback(value, index) { return timeLabel(value, this.stepOfTime, index === 0); } },
	};
}

function logAxis(axis) {
	return {
		type: 'logarithmic', title: titleOf(axis), grid: { color: colour('line') },
		ticks: { color: colour('faint'), maxRotation: 0,
			callback(value) { return powerLabel(value, Math.log10(this.max / this.min)); } },
	};
}

function linearAxis(axis) {
	return { type: 'linear', min: axis.min, max: axis.max, title: titleOf(axis), grid: { color: colour('line') },
		ticks: { color: colour('faint'), includeBounds: false } };
}

function rowAxis(axis) {
	return { type: 'category', labels: axis.labels, offset: true, title: { display: false },
		grid: { color: colour('line') }, ticks: { color: colour('text'), autoSkip: false } };
}

function axisOf(axis) {
	return { time: timeAxis, log: logAxis, linear: linearAxis, rows: rowAxis }[axis.kind](axis);
}

/* --- series --- */

function pairs(list) {
	return list.map(([x, y]) => ({ x, y: y === null ? NaN : y }));
}

function pointsOf(series, chart) {
	const radius = series.data.length > 1500 ? 1.4 : series.data.length > 300 ? 1.9 : 3;
	const rows = chart.y.kind === 'rows' ? chart.y.labels : null;
	return [{ label: series.label, showLine: false, pointRadius: rows ? 4 : radius, pointHoverRadius: 5,
		pointStyle: MARKS[series.colour % MARKS.length], borderColor: colour(series.colour),
		backgroundColor: colour(series.colour) + (rows ? '' : 'b0'), borderWidth: 1, clip: 6, parsing: rows ? undefined : false,
		data: rows ? series.data.map(([x, y]) => ({ x, y: rows[y] })) : pairs(series.data) }];
}

function lineOf(series, chart) {
	const isSparse = series.data.length < 60 && series.kind === 'line';
	return [{ label: series.label, showLine: true, stepped: series.kind === 'steps' ? 'middle' : false,
		pointRadius: isSparse ? 2.5 : 0, pointHoverRadius: 4, pointStyle: MARKS[series.colour % MARKS.length], borderWidth: 1.8,
		borderDash: series.colour >= COLOURS && chart.id !== 'allan' ? [5, 3] : [],
		borderColor: colour(series.colour), backgroundColor: colour(series.colour), parsing: false, data: pairs(series.data) }];
}

/* The band of the lower edge has no entry in the legend; that of the upper edge stands for both. */
function bandOf(series) {
	const edge = { showLine: true, pointRadius: 0, pointHoverRadius: 0, borderWidth: 0, borderColor: 'transparent',
		backgroundColor: colour('band'), pointStyle: 'rect', parsing: false, order: 9 };
	return [{ ...edge, label: '', data: pairs(series.low), fill: false },
		{ ...edge, label: series.label, data: pairs(series.high), fill: '-1', isBand: true }];
}

function barsOf(series, chart) {
	return [{ label: series.label, type: 'bar', grouped: false, barPercentage: 0.7, categoryPercentage: 1, minBarLength: 2,
		borderWidth: 0, backgroundColor: colour(series.label), pointStyle: 'rect',
		data: series.data.map(([from, to, row]) => ({ x: [from, to], y: chart.y.labels[row] })) }];
}

const MAKERS = { points: pointsOf, line: lineOf, steps: lineOf, band: bandOf, bars: barsOf };

function isEmpty(series) {
	return (series.data || series.low || []).length === 0;
}

/* --- what the mouse shows --- */

function valueText(chart, value) {
	if (chart.y.kind === 'rows')
		return '';
	const unit = /\((.*)\)$/.exec(chart.y.title);
	return ': ' + Number(value.toPrecision(5)) + (unit ? ' ' + unit[1] : '');
}

function tooltipOf(chart) {
	const xText = (x) => chart.x.kind === 'time' ? utc(x).replace('T', ' ').slice(0, 19) + ' UTC' :
		Number(x.toPrecision(4)) + ' ' + (/\((.*)\)$/.exec(chart.x.title) || ['', ''])[1];
	return {
		filter: (item) => item.dataset.label !== '' && !item.dataset.isBand,
		callbacks: {
			title: (items) => items.length === 0 ? '' : Array.isArray(items[0].raw.x) ?
				items[0].raw.x.map(xText).join(' to ') : xText(items[0].raw.x),
			label: (item) => item.dataset.label + (Array.isArray(item.raw.x) ? ': ' + item.raw.y :
				chart.y.kind === 'rows' ? ': ' + item.raw.y : valueText(chart, item.raw.y)),
		},
	};
}

/* A band is two lines, which come and go together. */
function toggle(event, item, legend) {
	const isShown = legend.chart.isDatasetVisible(item.datasetIndex);
	legend.chart.setDatasetVisibility(item.datasetIndex, !isShown);
	if (legend.chart.data.datasets[item.datasetIndex].isBand)
		legend.chart.setDatasetVisibility(item.datasetIndex - 1, !isShown);
	legend.chart.update();
}

/* --- charts --- */

function optionsOf(chart) {
	const hasRows = chart.y.kind === 'rows';
	return {
		animation: false, responsive: true, devicePixelRatio: root.classList.contains('print') ? 2 : undefined, maintainAspectRatio: false, normalized: false,
		indexAxis: hasRows && chart.id === 'states' ? 'y' : 'x',
		interaction: { mode: 'nearest', intersect: true },
		scales: { x: axisOf(chart.x), y: axisOf(chart.y) },
		plugins: {
			legend: { position: 'top', align: 'start', onClick: toggle,
				labels: { color: colour('text'), usePointStyle: true, boxWidth: 10, boxHeight: 8,
					filter: (item) => item.text !== '' } },
			tooltip: tooltipOf(chart),
		},
	};
}

function rowsHeight(chart) {
	return chart.y.kind === 'rows' ? Math.max(9, 6.5 + 1.9 * chart.y.labels.length) + 'rem' : '';
}

function draw(chart, number) {
	const canvas = document.getElementById('chart-' + number);
	const series = chart.series.filter((each) => !isEmpty(each));
	if (!canvas)
		return null;
	if (series.length === 0) {
		const note = document.createElement('p');
		note.textContent = 'Nothing to draw in this period.';
		canvas.replaceWith(note);
		return null;
	}
	canvas.parentNode.style.height = rowsHeight(chart);
	return new Chart(canvas, {
		type: series[0].kind === 'bars' ? 'bar' : 'scatter',
		data: { datasets: series.flatMap((each) => MAKERS[each.kind](each, chart)) },
		options: optionsOf(chart),
	});
}

function drawAll() {
	charts.forEach((chart) => chart.destroy());
	charts = data.charts.map(draw).filter((chart) => chart !== null);
	root.dataset.charts = charts.length;
}

function printing(isPrinting) {
	root.classList.toggle('print', isPrinting);
	drawAll();
}

drawAll();
window.matchMedia('(prefers-color-scheme: dark)').addEventListener('change', drawAll);
window.addEventListener('beforeprint', () => printing(true));
window.addEventListener('afterprint', () => printing(false));
root.dataset.drawnMs = Math.round(performance.now() - began);
})();
