/* Renews what has run out while a page is open: swaps the address for a fresh one, once. */
"use strict";
