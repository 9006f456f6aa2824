import { pickerContract } from "./contract.suite.ts";
import { RandomPicker } from "./random-picker.ts";

pickerContract("RandomPicker", () => new RandomPicker());
