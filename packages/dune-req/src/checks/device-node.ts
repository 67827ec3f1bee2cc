/** Why a device node refuses this process. */
import { asRoot, command, fail, advice, readAll, type Host, type Outcome } from "./check.js";
import { findContainer } from "./container.js";

interface Group {
  readonly name: string;
  readonly gid: number;
  readonly members: readonly string[];
}

function groups(host: Host): readonly Group[] {
  return readAll(host, "/etc/group").split("\n").map((line) => {
    const [name = "", , gid = "", members = ""] = line.split(":");
    return { name, gid: Number(gid), members: members.split(",") };
  });
}

const GROUP_READ_WRITE = 0o060;

/**
 * Explains EACCES or EPERM on `path`: a container's device filter, a session that is
 * older than the group membership, a user outside the group, a node without a group.
 */
export function explainRefusal(host: Host, path: string, errno: string): Outcome {
  const { identity } = host;
  const node = host.stat(path);
  // A node whose permission bits would let us in is closed by the container's device cgroup.
  if (errno === "EPERM" && findContainer(host) !== null) {
    return fail(`the container may not open it (${errno})`, advice(`start the container with --device ${path}`, "now"));
  }
  if (!("value" in node)) return fail(`open failed with ${errno}`);
  const group = groups(host).find((candidate) => candidate.gid === node.value.gid);
  const opensToGroup = (node.value.mode & GROUP_READ_WRITE) === GROUP_READ_WRITE;

  if (!opensToGroup || group === undefined || group.gid === 0) {
    const rule = `groupadd -rf kvm && printf 'KERNEL=="kvm", GROUP="kvm", MODE="0660"\\n' > /etc/udev/rules.d/99-kvm.rules && udevadm trigger ${path}`;
    const text = "give the node to the group kvm";
    return fail(
      `${errno}: mode ${node.value.mode.toString(8)}, owned by uid ${node.value.uid} and gid ${node.value.gid}`,
      command(text, asRoot(host, `sh -c ${quote(rule)}`)),
    );
  }
  if (identity.groups.includes(group.gid)) return fail(`${errno}, although this process is in the group ${group.name}`);
  if (group.members.includes(identity.user)) {
    return fail(
      `${identity.user} is in the group ${group.name}, but this session began before that`,
      command("log in again, or start a shell with the group", `newgrp ${group.name}`, "next login"),
    );
  }
  return fail(
    `${errno}: ${identity.user} is not in the group ${group.name}`,
    command(`join the group ${group.name}, then log in again`, asRoot(host, `usermod -aG ${group.name} ${quote(identity.user)}`), "next login"),
  );
}

/** One word of a POSIX shell command. */
function quote(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}
