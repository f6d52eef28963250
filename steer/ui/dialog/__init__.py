"""Dialogs: modal screens that ask the operator something and return the answer.

An action opens one with `await board.ask(SomeDialog(...))`. A dialog knows no port: it shows what it was given
and returns what was chosen, None when it was dismissed. See `card.Card` for the pattern.
"""
