// Compiles Solidity for solidity.py: one JSON line {"source"} in, one JSON line {"bytecode", "abi", "warnings"} or
// {"error"} out. Run as: node solc_worker.js FOLDER, where FOLDER holds npm's package solc. Nothing is imported or fetched.
"use strict";
const readline = require("readline");
const solc = require(process.argv[2]);

function compile(source) {
  const outputs = { "*": { "*": ["abi", "evm.bytecode.object"] } };
  const input = {
    language: "Solidity",
    sources: { "contract.sol": { content: source } },
    settings: { evmVersion: "prague", outputSelection: outputs },
  };
  const output = JSON.parse(solc.compile(JSON.stringify(input), { import: () => ({ error: "nothing can be imported" }) }));
  const messages = output.errors || [];
  const errors = messages.filter((message) => message.severity === "error");
  if (errors.length) return { error: errors[0].formattedMessage };
  const contracts = Object.values((output.contracts || {})["contract.sol"] || {});
  const made = contracts.filter((contract) => contract.evm.bytecode.object).pop();
  if (!made) return { error: "no contract" };
  return { bytecode: made.evm.bytecode.object, abi: made.abi, warnings: messages.length };
}

process.stdout.write(JSON.stringify({ version: solc.version() }) + "\n");
readline.createInterface({ input: process.stdin }).on("line", (line) => {
  let answer;
  try {
    answer = compile(JSON.parse(line).source);
  } catch (error) {
    answer = { error: String(error).slice(0, 500) };
  }
  process.stdout.write(JSON.stringify(answer) + "\n");
});
