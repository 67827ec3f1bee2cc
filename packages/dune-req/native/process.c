/* SPDX-License-Identifier: MIT */
/* process.c - every layer of the process engine, one child each: a refusal of one says nothing of the next. */
#include "probe.h"

void probe_process(void)
{
	in_child("namespaces", try_namespaces);
	in_child("landlock", try_landlock);
	in_child("seccomp", try_seccomp);
	in_child("notify", try_notify);
}
