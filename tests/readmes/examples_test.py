"""Tests the test of the READMEs. Run by ctest."""
import subprocess
import tempfile
import unittest

from examples import Wrong, make_script, read_blocks


def run(text):
    """@returns the exit code and the output of a README's commands."""
    with tempfile.TemporaryDirectory() as folder:
        end = subprocess.run(["bash", "-c", make_script(read_blocks("README", text))], cwd=folder,
                             capture_output=True, text=True, timeout=60)
    return end.returncode, end.stdout + end.stderr


class Examples(unittest.TestCase):
    def test_a_command_that_fails_is_noticed_with_its_line(self):
        code, said = run("words\n```bash\ntrue\nfalse\ntrue\n```\n")
        self.assertEqual(code, 1)
        self.assertIn("@@ 2\n", said)
        self.assertNotEqual(run("```bash\nno-such-program\n```\n")[0], 0)
        self.assertNotEqual(run("```sh\nfalse | cat\n```\n")[0], 0)

    def test_blocks_share_a_shell_and_variables_of_a_mark_end_with_their_block(self):
        text = "```bash\na=1\n```\n<!-- test: env B=2 'C=3 4' -->\n```bash\ntest $a$B\"$C\" = '123 4'\n```\n"
        self.assertEqual(run(text)[0], 0, run(text)[1])
        self.assertNotEqual(run(text + "```bash\necho $B\n```\n")[0], 0)

    def test_a_skipped_block_is_not_run(self):
        self.assertEqual(run("<!-- test: skip why -->\n```bash\nfalse\n```\n")[0], 0)

    def test_a_background_command_must_say_its_words(self):
        block = "<!-- test: background until rea?dy -->\n```bash\n%s\n```\n"
        self.assertEqual(run(block % "sh -c 'echo ready; sleep 2'")[0], 0)
        code, said = run(block % "echo wrong")
        self.assertEqual(code, 1)
        self.assertIn("wrong", said)

    def test_what_cannot_be_read_is_refused_with_its_line(self):
        for text, line in (("```ruby\n```\n", 1), ("a\n    bash x.sh\n", 2), ("```\npenstock run\n```\n", 1),
                           ("<!-- test: file a -->\nb\n", 1), ("<!-- test: hurry up -->\n```bash\n```\n", 1),
                           ("<!-- test: env A=1 -->\n```json\n```\n", 2),
                           ("<!-- test: file a -->\n```bash\n```\n", 2)):
            with self.assertRaises(Wrong, msg=text) as raised:
                read_blocks("README", text)
            self.assertIn(f"README:{line}:", str(raised.exception))
        with self.assertRaises(Wrong):
            read_blocks("README", "```bash\ntrue\n")


if __name__ == "__main__":
    unittest.main()
