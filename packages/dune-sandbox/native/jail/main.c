/* SPDX-License-Identifier: MIT */
/*
 * main.c - the helper: reads the plan, builds the jail from the outside in, and
 * then serves it until the program ends. jail.h draws the processes.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "jail.h"

enum { SAMPLE_MS = 50, CALLER_MS = 2000, DRAIN_MS = 1000 };
#define SIGNAL_PROCESS_GROUP 4 /* PIDFD_SIGNAL_PROCESS_GROUP */

struct plan plan;
struct shared *shared;
int helper_fd, host_proc;

static pid_t reaper, relay, host_program;
static int reaper_fd, signals;
static bool connected; /* JAIL_FD is a socket: there is a caller to listen to */
static uint64_t began;
static uint16_t limit;
static struct usage peak;

static uint64_t now_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

static void read_all(void *into, size_t size)
{
	for (size_t done = 0; done < size;) {
		ssize_t n = read(JAIL_FD, (char *)into + done, size - done);

		if (n <= 0)
			fail(NO_LAYER, n < 0 ? errno : EPIPE, "read", "plan");
		done += (size_t)n;
	}
}

static void load_plan(void)
{
	struct plan_header header;
	struct stat st;
	void *bytes;

	if (fstat(JAIL_FD, &st) < 0) {
		static const char hint[] = "dune-jail is started by @dune/sandbox, with a plan on descriptor 3\n";

		if (write(2, hint, sizeof hint - 1) < 0)
			_exit(125);
		_exit(125);
	}
	connected = S_ISSOCK(st.st_mode);
	read_all(&header, sizeof header);
	if (header.magic != PLAN_MAGIC || header.version != PLAN_VERSION || header.length > PLAN_MAX_BYTES)
		fail(NO_LAYER, EPROTO, "read", "plan");
	bytes = malloc(header.length + 1);
	if (!bytes)
		fail(NO_LAYER, ENOMEM, "read", "plan");
	read_all(bytes, header.length);
	if (plan_parse(&plan, bytes, header.length) < 0)
		fail(NO_LAYER, EBADMSG, "parse", "plan");
}

/* Interrupts are the caller's to forward; only what concerns the terminal is ours. */
static void take_signals(void)
{
	sigset_t set;

	signal(SIGINT, SIG_IGN);
	signal(SIGQUIT, SIG_IGN);
	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGHUP);
	sigaddset(&set, SIGTSTP);
	sigaddset(&set, SIGTTIN);
	sigaddset(&set, SIGTTOU);
	sigaddset(&set, SIGCONT);
	sigaddset(&set, SIGWINCH);
	sigprocmask(SIG_BLOCK, &set, NULL);
	sigdelset(&set, SIGTTIN);
	sigdelset(&set, SIGTTOU);
	signals = signalfd(-1, &set, SFD_CLOEXEC);
}

static void kill_everything(void)
{
	kill(reaper, SIGKILL);
}

/* Killed first: a caller that does not read must not keep the program alive. */
static void exceed(uint16_t which, uint64_t value)
{
	if (limit)
		return;
	limit = which;
	kill_everything();
	report(REPORT_LIMIT, which, &value, sizeof value);
}

static void keep_peak(const struct usage *usage)
{
	if (usage->memory > peak.memory)
		peak.memory = usage->memory;
	if (usage->tasks > peak.tasks)
		peak.tasks = usage->tasks;
	if (usage->written > peak.written)
		peak.written = usage->written;
}

static bool is_sampled(void)
{
	return plan.limits.cpu_ms || plan.limits.memory || plan.limits.written || plan.limits.tasks;
}

static void check_limits(void)
{
	struct usage usage;
	uint64_t wall = (now_us() - began) / 1000;

	if (plan.limits.wall_ms && wall >= plan.limits.wall_ms)
		exceed(LIMIT_WALL, wall);
	if (plan.limits.output && terminal_printed() > plan.limits.output)
		exceed(LIMIT_OUTPUT, terminal_printed());
	if (!is_sampled())
		return;
	usage_read(&usage);
	keep_peak(&usage);
	if (plan.limits.cpu_ms && usage.cpu_ms >= plan.limits.cpu_ms)
		exceed(LIMIT_CPU, usage.cpu_ms);
	if (plan.limits.memory && usage.memory > plan.limits.memory)
		exceed(LIMIT_MEMORY, usage.memory);
	if (plan.limits.written && usage.written > plan.limits.written)
		exceed(LIMIT_DISK, usage.written);
	if (plan.limits.tasks && usage.tasks > plan.limits.tasks)
		exceed(LIMIT_TASKS, usage.tasks);
}

/* Checks when it is time to, however busy the descriptors are. Returns how long poll() may wait. */
static int check(void)
{
	static uint64_t next;
	uint64_t now = now_us(), end = began + plan.limits.wall_ms * 1000;
	bool often = is_sampled() || plan.limits.output || terminal_waits();

	if (now >= next || (plan.limits.wall_ms && now >= end)) {
		terminal_enter();
		check_limits();
		next = now + SAMPLE_MS * 1000;
	}
	if (often)
		return plan.limits.wall_ms && end < next ? (int)((end - now) / 1000) + 1 : (int)((next - now) / 1000) + 1;
	if (!plan.limits.wall_ms || limit)
		return -1;
	return end - now > 1ull << 40 ? 1 << 30 : (int)((end - now) / 1000) + 1;
}

/* The program's pid as the host counts: the pidfd's fdinfo says it (pidfd_open(2)). */
static void program_started(void)
{
	char path[64], text[512], *pid;
	uint32_t started[2] = { 0, (uint32_t)shared->landlock_abi };

	if (host_program || !shared->program)
		return;
	snprintf(path, sizeof path, "self/fdinfo/%d", shared->program);
	if (read_file(host_proc, path, text, sizeof text) > 0 && (pid = strstr(text, "Pid:")))
		host_program = (pid_t)strtol(pid + 4, NULL, 10);
	flag_set(&shared->noted, 1);
	started[0] = (uint32_t)host_program;
	report(REPORT_STARTED, 0, started, sizeof started);
	stdio_release();
	terminal_enter();
	/* Now, as a process started while the reaper mounts would hold its descriptors open.
	 * What comes in meanwhile waits in the sockets. */
	if (plan.nrelays)
		relay = relay_start();
}

/* To the program's process group, which its pidfd names without a doubt where the kernel can (Linux 6.9). */
static void signal_program(int number)
{
	if (number == SIGKILL || host_program <= 0)
		kill_everything();
	else if (syscall(SYS_pidfd_send_signal, shared->program, number, NULL, SIGNAL_PROCESS_GROUP) < 0 && errno == EINVAL)
		kill(-host_program, number);
}

/*
 * The program was stopped from its terminal: so must the job be that we are part
 * of, as a shell sees it. The caller sends SIGTSTP to the job (what root runs we
 * may not signal ourselves). We do not stop: a SIGSTOP of our own would throw away
 * a SIGCONT that comes just before it.
 */
static void suspend(void)
{
	shared->stopped = 0;
	terminal_suspend();
	report(REPORT_STOPPED, 0, NULL, 0);
}

static void resume(void)
{
	terminal_resume();
	signal_program(SIGCONT);
}

static void handle_signal(void)
{
	struct signalfd_siginfo info;

	if (read(signals, &info, sizeof info) != sizeof info)
		return;
	switch (info.ssi_signo) {
	case SIGWINCH: terminal_resize(); break;
	case SIGCONT: resume(); break;
	case SIGTSTP: signal_program(SIGTSTP); break;
	default: kill_everything();
	}
}

static void handle_event(void)
{
	uint64_t count;

	if (read(shared->events, &count, sizeof count) < 0)
		return;
	program_started();
	if (shared->stopped && plan.terminal)
		suspend();
}

static void handle_control(void)
{
	struct control control;
	ssize_t length = recv(JAIL_FD, &control, sizeof control, MSG_WAITALL);

	if (length != sizeof control) {
		connected = false;
		kill_everything();
	} else if (control.op == CONTROL_SIGNAL && control.arg == SIGCONT) {
		resume();
	} else if (control.op == CONTROL_SIGNAL) {
		signal_program(control.arg);
	}
}

static void serve(void)
{
	enum { REAPER, EVENTS, SIGNALS, CONTROL, RESOLVER, TERMINAL, COUNT = TERMINAL + TERMINAL_POLLS };
	struct pollfd polls[COUNT];

	do {
		polls[REAPER] = (struct pollfd){ reaper_fd, POLLIN, 0 };
		polls[EVENTS] = (struct pollfd){ shared->events, POLLIN, 0 };
		polls[SIGNALS] = (struct pollfd){ signals, POLLIN, 0 };
		polls[CONTROL] = (struct pollfd){ connected ? JAIL_FD : -1, POLLIN, 0 };
		polls[RESOLVER] = (struct pollfd){ resolver_socket, POLLIN, 0 };
		terminal_poll(&polls[TERMINAL]);
		if (poll(polls, COUNT, check()) < 0)
			continue;
		if (polls[EVENTS].revents)
			handle_event();
		if (polls[SIGNALS].revents)
			handle_signal();
		if (polls[CONTROL].revents)
			handle_control();
		if (polls[RESOLVER].revents)
			resolver_serve();
		terminal_pump(&polls[TERMINAL]);
	} while (!(polls[REAPER].revents & POLLIN));
}

/* It has a moment to deliver what the program sent last, unless the run is cut short anyway. */
static void end_relay(void)
{
	static const struct timespec millisecond = { .tv_nsec = 1000000 };
	int patience = limit || !connected ? 0 : DRAIN_MS;

	kill(relay, SIGTERM);
	while (patience-- > 0) {
		if (waitpid(relay, NULL, WNOHANG) == relay)
			return;
		nanosleep(&millisecond, NULL);
	}
	kill(relay, SIGKILL);
	waitpid(relay, NULL, __WALL);
}

/*
 * The relay, what it started, and without a pid namespace what the program started:
 * all of it becomes ours when its parent dies (PR_SET_CHILD_SUBREAPER), and no
 * zombie is left to the host.
 */
static void end_helpers(void)
{
	if (relay)
		end_relay();
	kill_descendants(sweeper_pid());
}

/* Returns the exit status a shell would give the program. */
static int finish(void)
{
	struct rusage used;
	struct report_exit exit = { .wall_us = now_us() - began };
	int status;

	wait4(reaper, &status, __WALL, &used);
	program_started();
	terminal_close();
	stdio_restore();
	end_helpers();
	if (!shared->program)
		return 125; /* and the cause has been reported */
	exit.status = shared->finished ? shared->status : SIGKILL;
	exit.cpu_us = (uint64_t)(used.ru_utime.tv_sec + used.ru_stime.tv_sec) * 1000000 +
		      (uint64_t)(used.ru_utime.tv_usec + used.ru_stime.tv_usec);
	exit.memory = peak.memory > (uint64_t)used.ru_maxrss << 10 ? peak.memory : (uint64_t)used.ru_maxrss << 10;
	exit.written = peak.written > shared->written ? peak.written : shared->written;
	exit.tasks = (uint32_t)peak.tasks;
	report(REPORT_EXIT, 0, &exit, sizeof exit);
	changes_report();
	report(REPORT_DONE, 0, NULL, 0);
	return WIFSIGNALED(exit.status) ? 128 + WTERMSIG(exit.status) : WEXITSTATUS(exit.status);
}

/* The caller still wants to read the cgroups; it closes its end when it has. */
static void wait_for_caller(void)
{
	struct pollfd end = { JAIL_FD, POLLIN, 0 };
	char byte;

	while (connected && poll(&end, 1, CALLER_MS) > 0 && recv(JAIL_FD, &byte, 1, 0) > 0)
		;
}

int main(void)
{
	int status;

	close_all(JAIL_FD + 1, 0);
	load_plan();
	fcntl(JAIL_FD, F_SETFD, FD_CLOEXEC);
	stdio_check();
	began = now_us();
	host_proc = open("/proc", O_PATH | O_DIRECTORY | O_CLOEXEC);
	helper_fd = (int)syscall(SYS_pidfd_open, getpid(), 0);
	shared = mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (host_proc < 0 || helper_fd < 0 || shared == MAP_FAILED)
		fail(NO_LAYER, errno, "open", "/proc");
	shared->events = eventfd(0, EFD_CLOEXEC);
	take_signals();
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	network_prepare();
	sweeper_start();
	cgroups_open();
	terminal_save();
	namespaces_enter();
	stdio_protect();
	die_with_parent(SIGTERM); /* in order: the terminal has to be given back */
	reaper = spawn_process(CLONE_FILES | (plan.layers & LAYER_PID ? CLONE_NEWPID : 0), &reaper_fd);
	if (reaper < 0)
		fail(LAYER_PID, errno, "clone", "reaper");
	if (!reaper)
		reaper_main();
	if (plan.layers & LAYER_NET) {
		network_open();
		network_publish();
	}
	if (plan.layers & LAYER_SUPERVISOR)
		supervisor_start();
	serve();
	status = finish();
	wait_for_caller();
	sweeper_finish();
	return status;
}
