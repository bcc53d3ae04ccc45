// Answers each case with what its action asks for, in place of an engine.
import { createInterface } from "node:readline";

for await (const line of createInterface({ input: process.stdin })) {
  const { id, simulation } = JSON.parse(line);
  const wish = simulation.request.action;
  if (wish === "die") process.exit(3);
  const answers = {
    allow: { id, decision: "Allowed", ignoredContextKeys: [] },
    ignore: { id, decision: "ImplicitlyDenied", ignoredContextKeys: ["aws:username"] },
    refuse: { id, error: "no such action" },
    swap: { id: "another", decision: "Allowed" },
  };
  console.log(wish === "babble" ? "{" : JSON.stringify(answers[wish]));
}
