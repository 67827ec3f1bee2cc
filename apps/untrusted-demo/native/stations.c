/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "stations.h"

enum { MOST_STATIONS = 64, MOST_VALUES = 4096, NAME_SIZE = 32 };

struct station {
	char name[NAME_SIZE];
	double values[MOST_VALUES];
	size_t count;
};

static struct station stations[MOST_STATIONS];
static size_t nstations;

static struct station *station_named(const char *name)
{
	for (size_t i = 0; i < nstations; i++)
		if (strcmp(stations[i].name, name) == 0)
			return &stations[i];
	if (nstations == MOST_STATIONS)
		return NULL;
	strcpy(stations[nstations].name, name);
	return &stations[nstations++];
}

static int take_line(const char *line)
{
	char name[NAME_SIZE];
	struct station *station;
	double value;

	if (sscanf(line, "%31[^,],%*[^,],%lf", name, &value) != 2)
		return -EBADMSG;
	station = station_named(name);
	if (!station || station->count == MOST_VALUES)
		return -E2BIG;
	station->values[station->count++] = value;
	return 0;
}

static int read_measurements(const char *path)
{
	FILE *file = fopen(path, "r");
	char line[256];
	int error = 0, lines = 0;

	if (!file)
		return -errno;
	while (!error && fgets(line, sizeof(line), file))
		if (lines++ > 0) /* the first is the heading */
			error = take_line(line);
	fclose(file);
	return error ? error : lines - 1;
}

static int ascending(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static double mean(const struct station *station)
{
	double sum = 0;

	for (size_t i = 0; i < station->count; i++)
		sum += station->values[i];
	return sum / (double)station->count;
}

static double median(struct station *station)
{
	size_t half = station->count / 2;

	qsort(station->values, station->count, sizeof(double), ascending);
	if (station->count % 2)
		return station->values[half];
	return (station->values[half - 1] + station->values[half]) / 2;
}

static int write_summary(const char *path)
{
	FILE *file = fopen(path, "w");

	if (!file)
		return -errno;
	fputs("station,count,mean,median\n", file);
	for (size_t i = 0; i < nstations; i++)
		fprintf(file, "%s,%zu,%.3f,%.3f\n", stations[i].name, stations[i].count, mean(&stations[i]), median(&stations[i]));
	return fclose(file) == 0 ? 0 : -errno;
}

int stations_summarize(const char *from, const char *to)
{
	int count = read_measurements(from), error;

	if (count < 0)
		return count;
	error = write_summary(to);
	return error ? error : count;
}
