// Decides cases that come as JSON lines on standard input, one answer a line on standard output, in the same order.
//
// A case is {"id", "simulation"} in the shape that iam-simulate takes; an answer is {"id", "decision", "ignoredContextKeys",
// "error", "blockedBy"}. This file only passes cases on: what is to be asked, and what the answers mean, is for the Go side.
import { runSimulation } from "@cloud-copilot/iam-simulate";

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

// Lines are answered by the chunk: a write for each answer would cost about as much as the answer.
let rest = "";
process.stdin.setEncoding("utf8");
for await (const chunk of process.stdin) {
  const lines = (rest + chunk).split("\n");
  rest = lines.pop();
  let answers = "";
  for (const line of lines) {
    answers += JSON.stringify(await answer(line)) + "\n";
  }
  if (answers !== "" && !process.stdout.write(answers)) {
    await new Promise((resolve) => process.stdout.once("drain", resolve));
  }
}
