/* SPDX-License-Identifier: MIT */
/* stations.h - the honest work: measurements in, a summary of each station out. */
#ifndef STATIONS_H
#define STATIONS_H

/*
 * Reads `station,time,value` lines below a heading from `from`, and writes
 * `station,count,mean,median` lines to `to`, in the order in which the stations first
 * appear. Returns the number of measurements, or a negative errno; EBADMSG for a line
 * that is none.
 */
int stations_summarize(const char *from, const char *to);

#endif
