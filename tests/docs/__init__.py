"""The pages: their blocks of code run or compile, their links lead somewhere, their names exist."""
