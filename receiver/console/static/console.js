import { listen } from "./keys.js";
import { follow } from "./live.js";

listen();
follow();
