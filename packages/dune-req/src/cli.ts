#!/usr/bin/env node
import { checkHost } from "./check-host.js";

const report = await checkHost();
console.log(JSON.stringify(report, null, 2));
process.exitCode = report.exitCode;
