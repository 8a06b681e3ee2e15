import { listen } from "./keys.js";

listen();
