// The worker that lists features: see lists.ts.
import { serveLists } from "./lists-served";

serveLists(self as unknown as Parameters<typeof serveLists>[0]);
