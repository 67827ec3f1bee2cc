#!/usr/bin/env node
import colors from "picocolors";
import { runCommand } from "./command.js";

// `dune-req | head` closes the pipe early, which is nobody's error.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code !== "EPIPE") throw error;
});

const { stdin, stdout, stderr } = process;

// runCommand never rejects. exitCode instead of exit(): what is still being written gets written.
void runCommand(process.argv.slice(2), { stdin, stdout, stderr, colors }).then((status) => {
  process.exitCode = status;
});
