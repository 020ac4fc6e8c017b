"""Serve the project in the current folder, log in, and open the pages of the app in its admin."""

import re
import socket
import subprocess
import sys
import time

import httpx

PAGES = re.compile(r'href="(/admin/sora_remix/\w+/(?:add/)?)"')


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port: int = one.getsockname()[1]
        return port


def wait_for(client: httpx.Client, server: subprocess.Popen[bytes]) -> None:
    """Return when the server answers."""
    for _ in range(150):
        if server.poll() is not None:
            sys.exit("The server ended by itself.")
        try:
            client.get("/admin/login/")
        except httpx.TransportError:
            time.sleep(0.2)
        else:
            return
    sys.exit("The server does not answer.")


def open_pages(client: httpx.Client, username: str, password: str) -> None:
    """Open all that the admin's index links to; end with the reason when a page does not come."""
    login = {"username": username, "password": password, "next": "/admin/"}
    token = {"csrfmiddlewaretoken": client.cookies["csrftoken"]}
    index = client.post("/admin/login/", data=login | token).text
    pages = sorted(set(PAGES.findall(index)))
    if not {"/admin/sora_remix/video/", "/admin/sora_remix/remix/"} <= set(pages):
        sys.exit(f"The admin lists no videos and remixes, only: {pages}")
    for page in pages:
        answer = client.get(page)
        sys.stdout.write(f"{answer.status_code} {page}\n")
        if answer.status_code != httpx.codes.OK:
            sys.exit(answer.text[:2000])


def main() -> None:
    """Do it, and end the server whatever happens."""
    address = f"127.0.0.1:{free_port()}"
    command = [sys.executable, "manage.py", "runserver", address, "--noreload"]
    with (
        subprocess.Popen(command) as server,  # noqa: S603  (our own command)
        httpx.Client(
            base_url=f"http://{address}", follow_redirects=True, trust_env=False
        ) as client,
    ):
        try:
            wait_for(client, server)
            open_pages(client, *sys.argv[1:])
        finally:
            server.terminate()


main()
