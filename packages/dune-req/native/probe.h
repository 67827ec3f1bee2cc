/* SPDX-License-Identifier: MIT */
/*
 * probe.h - the parts of dune-probe, and the format in which they report.
 *
 * Standard output is lines of key=value, keys of [a-z0-9._-], values of printable
 * ASCII. Each line is one write(2), so that children may report for themselves.
 *
 *   dune-probe=1        the first line: version of this format
 *   at=<step>           the step that begins now; tells where a run was cut off
 *   step.<name>=<n>     how it ended: 0, or the errno it failed with
 *   signal.<name>=<n>   a child that tried it was killed by signal n
 *   <name>=<n or text>  something found out
 *   done=1              the last line of a run that reached its end
 *
 * A step that seemed to succeed but has no effect is reported as EPROTO.
 */
#ifndef DUNE_PROBE_H
#define DUNE_PROBE_H

/* Whatever hangs, hangs this long; SIGALRM then ends the process. */
#define TIME_LIMIT_MS 1500

void report_text(const char *key, const char *value);
void report_number(const char *key, long value);
void report_begin(const char *step);

/* Reports step.<name> as errno if `result` is negative, as 0 else; returns `result`. */
long report_step(const char *name, long result);

/* Let SIGALRM end this process after TIME_LIMIT_MS. Not inherited over fork(2). */
void limit_time(void);

/*
 * Run `layer` in a child that cannot outlive us and wait for it. A child that is killed
 * is reported as signal.<name>, one that cannot be made as step.<name>.
 */
void in_child(const char *name, void (*layer)(void));

/* Write all of `text` to an existing file; 0, or -1 with errno. */
int write_file(const char *path, const char *text);

/* The subcommands. */
void probe_cpu(void);
void probe_kvm(void);
void probe_process(void);

/* The layers of the process engine; each runs in a child of its own. */
void try_namespaces(void);
void try_landlock(void);
void try_seccomp(void);
void try_notify(void);

#endif
