/* SPDX-License-Identifier: MIT */
/*
 * Files below the read-only system directories that only the host's root may
 * read. A sandbox started by root that keeps the kernel uid 0 hands them out.
 * (sandbox.md: /etc/shadow readable.) Success: one can be read.
 */
#include "escape.h"

int main(int argc, char **argv)
{
	static const char *const paths[] = {
		"/etc/shadow", "/etc/gshadow", "/etc/shadow-", "/etc/sudoers", "/etc/security/opasswd",
		"/etc/ssh/ssh_host_rsa_key", "/etc/ssh/ssh_host_ed25519_key",
		"/etc/ssh/ssh_host_ecdsa_key", "/etc/ssl/private/ssl-cert-snakeoil.key",
		"/proc/self/root/etc/shadow", "/etc/../etc//shadow",
	};

	(void)argc;
	begin(argv);
	for (size_t i = 0; i < sizeof(paths) / sizeof(*paths); i++) {
		int fd = open(paths[i], O_RDONLY | O_CLOEXEC);

		tried(paths[i], fd);
		if (fd >= 0)
			close(fd);
	}
	return verdict();
}
