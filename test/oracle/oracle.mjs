// Decides cases that come as JSON lines on standard input, one answer a line on standard output, in the same order.
//
// A case is {"id", "simulation"} in the shape that iam-simulate takes; an answer is {"id", "decision", "ignoredContextKeys",
// "error", "blockedBy"}. This file only passes cases on: what is to be asked, and what the answers mean, is for the Go side.
import { runSimulation } from "@cloud-copilot/iam-simulate";
import { createInterface } from "node:readline";

async function answer(line) {
  const { id, simulation } = JSON.parse(line);
  let result;
  try {
    result = await runSimulation(simulation, { simulationMode: "Strict" });
  } catch (error) {
    return { id, error: `thrown: ${error.message}` };
  }
  switch (result.resultType) {
    case "error":
      return { id, error: JSON.stringify(result.errors) };
    case "single":
      return {
        id,
        decision: result.overallResult,
        ignoredContextKeys: result.result.ignoredContextKeys,
        blockedBy: result.result.analysis.blockedBy,
      };
    default:
      // A resource with wildcards stands for several; one decision would not say for which.
      return { id, error: `result type ${result.resultType}` };
  }
}

for await (const line of createInterface({ input: process.stdin, crlfDelay: Infinity })) {
  if (!process.stdout.write(JSON.stringify(await answer(line)) + "\n")) {
    await new Promise((resolve) => process.stdout.once("drain", resolve));
  }
}
