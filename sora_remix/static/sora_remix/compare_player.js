/* One play head for two videos: plays both, and keeps them together. */
"use strict";

(() => {
    const STEPS = 16; // a rate has so many: each change costs the browser something
    const GAIN = 15; // how much slower, for each second ahead
    const FAR = 0.5; // seconds apart that waiting would take too long to close

    window.soraRemix ??= {};
    window.soraRemix.PairPlayer = class {
        #sides;
        #onChange;
        #isMoving = false; // both have left where they started

        constructor(sides, onChange) {
            this.#sides = sides;
            this.#onChange = onChange;
            this.head = 0; // seconds; where both are, or are going to
            this.speed = 1;
            this.isWanted = false; // to play; both may have to wait all the same
            this.loop = { start: null, end: null };
            this.frame = 1 / Math.max(...sides.map(({ fps }) => fps)); // seconds, of the finer rate
            for (const side of sides) {
                side.frame = this.frame;
            }
        }

        get #usable() {
            return this.#sides.filter(({ isBroken }) => !isBroken);
        }

        /* The longer one has the play head; the other shows its last frame in the end. */
        get #leader() {
            return this.#usable.reduce((longest, side) => (longest && longest.length >= side.length ? longest : side), null);
        }

        get length() {
            return Math.max(0, ...this.#usable.map(({ length }) => length));
        }

        /* Sends one that is loaded late to where the other is. */
        join(side) {
            side.seek(side.inside(this.head, this.length));
            this.#onChange();
        }

        seek(time) {
            this.head = Math.max(0, Math.min(time, this.length - this.frame / 2));
            this.#hold();
            for (const side of this.#usable) {
                side.seek(this.head);
            }
            this.#onChange();
        }

        step(direction) {
            this.pause();
            const number = Math.floor(this.head / this.frame + 0.001) + direction;
            this.seek((Math.max(0, number) + 0.5) * this.frame); // its middle: no rounding leads to another one
        }

        toggle() {
            if (this.isWanted) {
                this.pause();
            } else {
                this.#play();
            }
        }

        pause() {
            if (this.isWanted) {
                this.isWanted = false;
                this.#hold();
                this.#align();
            }
        }

        #play() {
            if (this.head >= this.length - this.frame) {
                this.seek(0);
            }
            this.isWanted = true;
            requestAnimationFrame(() => this.#tick());
            this.#onChange();
        }

        #hold() {
            this.#isMoving = false;
            for (const { video } of this.#sides) {
                video.pause();
            }
        }

        /* Puts both where the leader is. */
        #align() {
            const leader = this.#leader;
            this.seek(leader && !leader.isSeeking ? leader.time : this.head);
        }

        #tick() {
            if (this.isWanted) {
                this.#conduct();
                this.#onChange();
                requestAnimationFrame(() => this.#tick());
            }
        }

        /* Plays both while both can. */
        #conduct() {
            const leader = this.#leader;
            if (!leader) {
                this.pause();
                return;
            }
            if (leader.isReady) {
                this.head = leader.time;
            }
            const players = this.#usable.filter((side) => side === leader || !this.#isOver(side));
            this.#usable.filter((side) => !players.includes(side)).forEach((side) => this.#finish(side));
            if (players.some(({ isReady }) => !isReady)) {
                this.#hold();
            } else if (leader.video.ended || this.head >= (this.loop.end ?? Infinity)) {
                this.#turn();
            } else if (players.some(({ video }) => video.paused)) {
                this.#start(players);
            } else {
                this.#steer(players);
            }
        }

        #isOver({ video, length }) {
            return length > 0 && (video.ended || this.head >= length - this.frame / 2);
        }

        /* Sends one to its last frame that was late, or had to wait, when the play head passed it. */
        #finish(side) {
            if (!side.isSeeking && side.time < side.inside(this.head) - side.frame) {
                side.seek(this.head);
            }
        }

        /* At the end: from the start of the loop again, if there is one. */
        #turn() {
            const { start, end } = this.loop;
            if (start === null && end === null) {
                this.pause();
            } else {
                this.seek(start ?? 0);
            }
        }

        /* A video needs a while until it moves: so that none gets ahead, both crawl until both do. */
        #start(players) {
            this.#hold();
            if (gap(players) > this.frame / 4) {
                this.#align();
                return;
            }
            for (const side of players) {
                side.setRate(0, this.speed);
                side.start(() => this.pause());
            }
        }

        #steer(players) {
            this.#isMoving ||= players.every(({ hasMoved }) => hasMoved);
            if (!this.#isMoving) {
                return;
            }
            if (gap(players) > FAR) {
                this.#align();
                return;
            }
            const least = Math.min(...players.map(({ time }) => time));
            for (const side of players) {
                const ahead = side.time - least;
                const part = ahead > this.frame / 8 ? Math.round((1 - ahead * GAIN) * STEPS) / STEPS : 1;
                side.setRate(part, this.speed);
            }
        }
    };

    function gap(players) {
        const times = players.map(({ time }) => time);
        return Math.max(...times) - Math.min(...times);
    }
})();
